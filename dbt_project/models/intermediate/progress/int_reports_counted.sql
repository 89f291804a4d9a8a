-- Grain: one department and one period (none: unreadable) of which something was handed in during the campaign.
with lines as (
    select * from {{ ref('stg_gate__progress_lines') }}
),

owed as (
    select * from {{ ref('int_tasks_owed') }}
)

select
    lines.department_code,
    lines.period,
    min(lines.received_at) filter (where lines.verdict = 'accepted') as received_at,
    count(distinct lines.task_code) filter (where lines.verdict = 'accepted' and owed.task_code is not null)
        as tasks_reported,
    bool_or(lines.synthetic) as synthetic,
    count(*) filter (where lines.verdict = 'refused') as lines_refused
from lines
left join owed
    on
        lines.department_code = owed.department_code
        and lines.task_code = owed.task_code
        and lines.period = owed.period
where lines.department_code is not null
group by lines.department_code, lines.period
