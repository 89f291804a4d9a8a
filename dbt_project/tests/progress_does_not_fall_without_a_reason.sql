-- Suspicious: a percentage below that of the period before, and no reason given (进度下降原因).
{{ config(
    severity='warn',
    tags=['summary', 'edition'],
    meta={
        'owner': 'department',
        'category': 'progress',
        'description_zh': '完成百分比比上期下降，没有写明原因',
        'description_en': 'The percentage fell since the period before and no reason is given',
        'what_to_do_zh': '请填报单位核对百分比，确有下降的补报原因',
        'what_to_do_en': 'Ask the department to check the percentage, and to say why it fell if it did',
    }
) }}

select
    department_code,
    task_code,
    previous_percent,
    percent,
    line_key
from {{ ref('semimonthly_summary_editions') }}
where period = '{{ var("period") }}' and edition = {{ var("edition") }} and fell_without_reason
