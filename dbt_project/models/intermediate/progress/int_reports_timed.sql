-- Grain: one period due and one department that answered for a task then: when its report came.
-- The first accepted line decides: who was in time and mends a line later stays in time.
with departments as (
    select
        period,
        department_code,
        department_zh,
        count(*) as tasks_owed
    from {{ ref('int_tasks_owed') }}
    group by period, department_code, department_zh
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
),

reports as (
    select * from {{ ref('int_reports_counted') }}
)

select
    departments.department_code,
    departments.department_zh,
    periods.period,
    periods.title_zh as period_zh,
    periods.is_current,
    reports.received_at,
    departments.tasks_owed,
    coalesce(reports.synthetic, false) as synthetic,
    coalesce(reports.tasks_reported, 0) as tasks_reported,
    coalesce(reports.fields_filled, 0) as fields_filled,
    case
        when reports.received_at is null then 'missing'
        when reports.received_at <= periods.cutoff then 'on_time'
        when reports.received_at <= periods.day_ends then 'same_day_late'
        else 'late'
    end as timeliness,
    case
        when reports.received_at <= periods.cutoff
            then floor(extract(epoch from periods.cutoff - reports.received_at) / 60)::integer
    end as minutes_early,
    case
        when reports.received_at > periods.cutoff
            then ceil(extract(epoch from reports.received_at - periods.cutoff) / 60)::integer
    end as late_minutes
from departments
inner join periods on departments.period = periods.period
left join reports
    on departments.department_code = reports.department_code and periods.period = reports.period
