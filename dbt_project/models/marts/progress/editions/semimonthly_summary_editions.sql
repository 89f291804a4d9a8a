-- Grain: one edition of one reporting period × one department and one task that it answers for.
with progress as (
    select * from {{ ref('int_task_progress_compared') }}
)

select
    period,
    edition,
    department_code,
    department_zh,
    task_code,
    task_zh,
    task_order,
    role,
    case when line_key is null then 'missing' else 'reported' end as state,
    case when line_key is null then '未报' else '已报' end as state_zh,
    fields_filled,
    percent,
    previous_percent,
    percent_change,
    work_text,
    status_text,
    focus_text,
    problems_text,
    next_text,
    reason_text,
    responsible_text,
    report_date,
    fell_without_reason,
    similarity,
    text_repeated,
    problem_theme,
    problem_theme_zh,
    received_at,
    -- Whatever counts at the cut-off came in time.
    case when line_key is null then 'missing' else 'on_time' end as timeliness,
    line_key,
    filename,
    sheet,
    cell,
    sha256,
    synthetic
from progress
