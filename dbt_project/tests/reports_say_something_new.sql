-- Suspicious: a task's texts are those of the period before, or nearly (grading.csv: progress, repeated_text).
{{ config(
    severity='warn',
    tags=['summary', 'edition'],
    meta={
        'owner': 'department',
        'category': 'progress',
        'description_zh': '填报内容与上期几乎相同',
        'description_en': 'A report repeats the text of the period before',
        'what_to_do_zh': '请填报单位按本期实际情况重新填写',
        'what_to_do_en': 'Ask the department to write what this half-month brought',
    }
) }}

select
    department_code,
    task_code,
    similarity,
    line_key
from {{ ref('semimonthly_summary_editions') }}
where period = '{{ var("period") }}' and edition = {{ var("edition") }} and text_repeated
