-- Grain: one line of one progress report, with the verdict of the batch's latest gate run.
with lines as (
    select * from {{ source('gate', 'current_progress_line') }}
)

select
    batch_id || ':' || line_no as line_key,
    arrival_id,
    batch_id,
    line_no,
    department_code,
    task_code,
    period::text as period,
    percent,
    work_text,
    status_text,
    focus_text,
    problems_text,
    next_text,
    reason_text,
    responsible_text,
    report_date,
    verdict,
    filename,
    sha256,
    {{ is_synthetic('filename', 'responsible_text') }} as synthetic,
    sheet,
    cell,
    received_at
from lines
where
    received_at <= {{ as_of() }}
    {{ of_this_campaign() }}
