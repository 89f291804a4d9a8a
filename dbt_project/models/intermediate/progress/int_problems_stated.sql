-- Grain: one department, task and period in whose window it handed in a line: what it last said of its problems.
-- By the window in which it came, not by the period it is about: so a late report adds to the history of difficulties
-- and never rewrites what an earlier summary listed.
with lines as (
    select * from {{ ref('stg_gate__progress_lines') }}
    where verdict = 'accepted'
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
),

last_said as (
    select distinct on (lines.department_code, lines.task_code, periods.period)
        lines.department_code,
        lines.task_code,
        periods.period,
        periods.number,
        periods.is_current,
        lines.problems_text,
        lines.synthetic,
        lines.received_at
    from lines
    inner join periods on lines.received_at > periods.opens and lines.received_at <= periods.cutoff
    order by
        lines.department_code asc, lines.task_code asc, periods.period asc,
        lines.period desc, lines.received_at desc, lines.arrival_id desc, lines.batch_id desc, lines.line_no desc
)

select
    *,
    period || '/' || task_code || '/' || department_code as statement_id
from last_said
where {{ says_problem('problems_text') }}
