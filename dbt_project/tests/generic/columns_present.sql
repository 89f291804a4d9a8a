{# None of these columns is empty. #}
{% test columns_present(model, columns) %}
{{ config(
    severity='error',
    meta={
        'owner': 'engineer',
        'category': 'completeness',
        'description_zh': '必填列为空',
        'description_en': 'A column that must hold something is empty',
        'what_to_do_zh': '查看该行来自目录还是校验结果，补全目录或修正模型',
        'what_to_do_en': 'See whether the row comes from the catalogue or from the gate; complete the one or mend the model',
    }
) }}
select *
from {{ model }}
where {% for column in columns %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}
{% endtest %}
