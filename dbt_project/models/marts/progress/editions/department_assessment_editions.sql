-- Grain: one edition of one reporting period × one department that answers for a task.
with assessed as (
    select * from {{ ref('int_departments_assessed') }}
)

select
    period,
    edition,
    department_code,
    department_zh,
    department_role as role,
    timeliness,
    {{ timeliness_zh('timeliness') }} as timeliness_zh,
    received_at,
    minutes_early,
    periods_due::integer as periods_due,
    on_time_count::integer as on_time_count,
    same_day_late_count::integer as same_day_late_count,
    late_count::integer as late_count,
    missing_count::integer as missing_count,
    timeliness_rate,
    tasks_owed::integer as tasks_owed,
    tasks_reported::integer as tasks_reported,
    fields_filled::integer as fields_filled,
    completeness_rate,
    items_owed::integer as items_owed,
    items_accepted::integer as items_accepted,
    indicator_coverage_rate,
    corrections_needed::integer as corrections_needed,
    points_timeliness,
    points_completeness,
    points_coverage,
    points_corrections,
    points,
    points_rank::integer as rank
from assessed
