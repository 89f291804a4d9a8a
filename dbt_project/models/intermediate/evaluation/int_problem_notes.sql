-- Grain: one note of an interview and one problem that it is about: the one it names, else that of its indicator.
with notes as (
    select distinct on (note_id) *
    from {{ ref('stg_gate__interview_notes') }}
    where verdict = 'accepted'
    order by note_id asc, received_at desc, arrival_id desc, batch_id desc, line_no desc
)

select
    subjects.problem_id,
    notes.note_id,
    notes.held_on,
    notes.place_text,
    notes.area_code,
    notes.note_text,
    notes.filename,
    notes.sheet,
    notes.cell,
    notes.synthetic
from notes
inner join {{ ref('int_problem_subjects') }} as subjects
    on
        coalesce(notes.problem_id, notes.indicator_code) = subjects.problem_id
        -- What residents say of an indicator belongs to the questions of that indicator as well.
        or (
            subjects.problem_id like 'SV-%'
            and subjects.problem_id not like '%@%'
            and notes.indicator_code = subjects.indicator_code
        )
