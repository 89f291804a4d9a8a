-- Grain: one department and one period (none: unreadable) of which something was handed in during the campaign.
-- What was received first decides when it came, the lines in force what it holds.
with received as (
    select * from {{ ref('int_progress_lines_said') }}
),

in_force as (
    select * from {{ ref('int_progress_lines_in_force') }}
),

refused as (
    select * from {{ ref('stg_gate__progress_lines') }}
    where verdict = 'refused' and department_code is not null
),

owed as (
    select * from {{ ref('int_tasks_owed') }}
),

parts as (
    select
        department_code,
        period,
        received_at,
        synthetic,
        0 as tasks_reported,
        0 as fields_filled,
        0 as lines_refused
    from received
    union all
    select
        in_force.department_code,
        in_force.period,
        null as received_at,
        null as synthetic,
        1 as tasks_reported,
        in_force.fields_filled,
        0 as lines_refused
    from in_force
    inner join owed
        on
            in_force.department_code = owed.department_code
            and in_force.task_code = owed.task_code
            and in_force.period = owed.period
    union all
    select
        department_code,
        period,
        null as received_at,
        null as synthetic,
        0 as tasks_reported,
        0 as fields_filled,
        1 as lines_refused
    from refused
)

select
    department_code,
    period,
    min(received_at) as received_at,
    coalesce(bool_or(synthetic), false) as synthetic,
    sum(tasks_reported) as tasks_reported,
    sum(fields_filled) as fields_filled,
    sum(lines_refused) as lines_refused
from parts
group by department_code, period
