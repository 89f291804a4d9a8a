-- Grain: one number of a difficulty and one period in whose window a meeting's list decided on it.
-- Of one period's lists the last word counts, so that a list can be mended before the next cut-off.
with lines as (
    select * from {{ ref('stg_gate__meeting_lines') }}
    where verdict = 'accepted'
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
),

problems as (
    select * from {{ ref('int_problems_stated') }}
)

select distinct on (lines.difficulty_id, periods.period)
    lines.difficulty_id,
    periods.period,
    periods.number,
    lines.decision,
    lines.assigned_department,
    lines.due_date,
    lines.decided_on,
    lines.note_text,
    lines.received_at
from lines
inner join periods on lines.received_at > periods.opens and lines.received_at <= periods.cutoff
inner join problems on lines.difficulty_id = problems.statement_id and periods.number >= problems.number
order by
    lines.difficulty_id asc, periods.period asc,
    lines.received_at desc, lines.arrival_id desc, lines.batch_id desc, lines.line_no desc
