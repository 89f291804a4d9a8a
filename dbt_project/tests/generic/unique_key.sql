{# The grain of a model: no two rows with these columns. #}
{% test unique_key(model, columns) %}
{{ config(
    severity='error',
    meta={
        'owner': 'engineer',
        'category': 'grain',
        'description_zh': '同一主键出现多行，粒度与模型首行声明不符',
        'description_en': 'Several rows with one key: the model is not of the grain that its first line states',
        'what_to_do_zh': '不要使用本次构建的结果；检查连接条件或目录中的重复行',
        'what_to_do_en': 'Do not use this build; look for a join that multiplies rows or a duplicate in the catalogue',
    }
) }}
select {{ columns | join(', ') }}, count(*) as rows_with_key
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
