-- Grain: one measure of one list, with the verdict of the batch's latest gate run.
with lines as (
    select * from {{ source('gate', 'current_rectification_line') }}
)

select
    batch_id || ':' || line_no as line_key,
    arrival_id,
    batch_id,
    line_no,
    sender_department,
    measure_id,
    problem_id,
    owner_department,
    measure_text,
    deadline,
    coalesce(milestones, '[]')::jsonb as milestones,
    status,
    percent,
    report_date,
    note_text,
    verdict,
    filename,
    sha256,
    {{ is_synthetic('filename', 'note_text') }} as synthetic,
    sheet,
    cell,
    received_at
from lines
where received_at <= {{ as_of() }}
