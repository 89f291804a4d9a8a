-- Grain: one department, task and period due: the line that counts, with how many of its six fields are filled.
-- The latest received wins (tie: arrival_id, then the line); what it replaces stays in the gate.
with lines as (
    select * from {{ ref('int_progress_lines_said') }}
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
),

in_force as (
    select distinct on (lines.department_code, lines.task_code, lines.period)
        lines.*,
        periods.is_current,
        periods.is_previous
    from lines
    inner join periods on lines.period = periods.period
    order by
        lines.department_code asc, lines.task_code asc, lines.period asc,
        lines.received_at desc, lines.arrival_id desc, lines.batch_id desc, lines.line_no desc
)

select
    in_force.*,
    {{ fields_filled('in_force') }} as fields_filled
from in_force
