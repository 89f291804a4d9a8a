{# A code is one of a closed list (this replaces dbt's own test of the name, to carry owner and advice). #}
{% test accepted_values(model, column_name, values) %}
{{ config(
    severity='error',
    meta={
        'owner': 'engineer',
        'category': 'vocabulary',
        'description_zh': '出现了约定之外的代码',
        'description_en': 'A code that the vocabulary does not hold',
        'what_to_do_zh': '改正目录中的代码；确为新代码的，先在模型和标签宏中支持它',
        'what_to_do_en': 'Mend the code in the catalogue; a new code needs models and labels that know it first',
    }
) }}
select {{ column_name }}, count(*) as rows_with_code
from {{ model }}
where {{ column_name }} not in ({% for value in values %}'{{ value }}'{{ ', ' if not loop.last }}{% endfor %})
group by {{ column_name }}
{% endtest %}
