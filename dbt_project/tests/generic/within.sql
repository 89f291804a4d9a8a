{# Numbers stay between low and high, both inside; NaN and infinity do not. #}
{% test within(model, column_name, low, high) %}
{{ config(
    severity='error',
    meta={
        'owner': 'engineer',
        'category': 'range',
        'description_zh': '数值超出定义的范围',
        'description_en': 'A number outside the range it is defined on',
        'what_to_do_zh': '不要使用本次构建的结果；检查计算公式',
        'what_to_do_en': 'Do not use this build; look at the formula',
    }
) }}
select *
from {{ model }}
where not ({{ column_name }} between {{ low }} and {{ high }})
{% endtest %}
