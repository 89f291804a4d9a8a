-- Grain: one reporting period due, one department and one task that it answered for, as known at that period's cut-off:
-- a duty that is given later is not owed before. Names are those known now.
with periods as (
    select * from {{ ref('int_reporting_periods') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
),

work_blocks as (
    select * from {{ ref('stg_catalogue__work_blocks') }}
),

responsibilities as (
    select distinct on (periods.period, duties.block_code, duties.department_code)
        periods.period,
        periods.is_current,
        duties.block_code,
        duties.department_code,
        duties.role
    from periods
    inner join {{ ref('stg_catalogue__responsibilities') }} as duties
        on
            coalesce(periods.cutoff >= duties.known_from, true)
            and coalesce(periods.cutoff < duties.known_until, true)
    order by
        periods.period asc, duties.block_code asc, duties.department_code asc, duties.known_from desc nulls last
)

select
    responsibilities.period,
    responsibilities.is_current,
    responsibilities.department_code,
    departments.name_zh as department_zh,
    departments.role as department_role,
    responsibilities.block_code as task_code,
    work_blocks.name_zh as task_zh,
    work_blocks.sort_order as task_order,
    responsibilities.role
from responsibilities
inner join departments on responsibilities.department_code = departments.code
inner join work_blocks on responsibilities.block_code = work_blocks.code
