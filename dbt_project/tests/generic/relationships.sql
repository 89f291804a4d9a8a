{# A reference leads somewhere (this replaces dbt's own test of the name, to carry owner and advice). #}
{% test relationships(model, column_name, to, field) %}
{{ config(
    severity='error',
    meta={
        'owner': 'city office',
        'category': 'reference',
        'description_zh': '引用的代码在目录中不存在',
        'description_en': 'A code that the catalogue does not hold is referred to',
        'what_to_do_zh': '运行 cityhealth catalogue check，按提示补充或改正目录',
        'what_to_do_en': 'Run cityhealth catalogue check and mend the catalogue as it says',
    }
) }}
select child.{{ column_name }}, count(*) as rows_with_code
from {{ model }} as child
where
    child.{{ column_name }} is not null
    and not exists (select 1 from {{ to }} as parent where parent.{{ field }} = child.{{ column_name }})
group by child.{{ column_name }}
{% endtest %}
