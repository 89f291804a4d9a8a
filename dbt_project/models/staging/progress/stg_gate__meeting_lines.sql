-- Grain: one decision of one meeting's list, with the verdict of the batch's latest gate run.
with lines as (
    select * from {{ source('gate', 'current_meeting_line') }}
)

select
    batch_id || ':' || line_no as line_key,
    arrival_id,
    batch_id,
    line_no,
    difficulty_id,
    decision,
    assigned_department,
    due_date,
    decided_on,
    note_text,
    verdict,
    received_at
from lines
where received_at <= {{ as_of() }}
