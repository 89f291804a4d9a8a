-- Suspicious: a measure that is past its deadline and neither done nor cancelled.
{{ config(
    severity='warn',
    meta={
        'owner': 'city office',
        'category': 'rectification',
        'description_zh': '整改措施逾期未完成',
        'description_en': 'A measure is past its deadline and not done',
        'what_to_do_zh': '在 rectification_status 中查看逾期的措施，督促责任单位报告进展或调整时限',
        'what_to_do_en': 'See what is overdue in rectification_status and ask the owner for a report or another deadline',
    }
) }}

select
    measure_id,
    owner_department,
    deadline
from {{ ref('rectification_status') }}
where overdue
