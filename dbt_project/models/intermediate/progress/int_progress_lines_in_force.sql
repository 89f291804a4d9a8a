-- Grain: one department, task and period (the one summarised, and the one before): the accepted line that counts.
-- The latest received wins (tie: arrival_id, then the line); what it replaces stays in the gate.
with lines as (
    select * from {{ ref('stg_gate__progress_lines') }}
    where verdict = 'accepted'
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
    where is_current or is_previous
)

select distinct on (lines.department_code, lines.task_code, lines.period)
    lines.*,
    periods.is_current,
    {{ plain_text(
        "concat_ws(' ', lines.work_text, lines.status_text, lines.focus_text, lines.problems_text, lines.next_text)"
    ) }} as plain_texts
from lines
inner join periods on lines.period = periods.period
order by
    lines.department_code asc, lines.task_code asc, lines.period asc,
    lines.received_at desc, lines.arrival_id desc, lines.batch_id desc, lines.line_no desc
