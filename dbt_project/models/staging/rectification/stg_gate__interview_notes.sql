-- Grain: one note of one list of site interviews, with the verdict of the batch's latest gate run; persons are masked.
with notes as (
    select * from {{ source('gate', 'current_interview_note') }}
)

select
    batch_id || ':' || line_no as line_key,
    arrival_id,
    batch_id,
    line_no,
    note_id,
    held_on,
    place_text,
    area_code,
    dimension_code,
    indicator_code,
    problem_id,
    note_text,
    interviewer,
    masked_count,
    verdict,
    filename,
    sha256,
    {{ is_synthetic('filename', 'note_text') }} as synthetic,
    sheet,
    cell,
    received_at
from notes
where received_at <= {{ as_of() }}
