-- Grain: one department, task and period due: the line that counts.
-- The latest received wins (tie: arrival_id, then the line); what it replaces stays in the gate.
with lines as (
    select * from {{ ref('int_progress_lines_filled') }}
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
)

select distinct on (lines.department_code, lines.task_code, lines.period)
    lines.*,
    periods.is_current,
    periods.is_previous
from lines
inner join periods on lines.period = periods.period
order by
    lines.department_code asc, lines.task_code asc, lines.period asc,
    lines.received_at desc, lines.arrival_id desc, lines.batch_id desc, lines.line_no desc
