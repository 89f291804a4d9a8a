-- Grain: one edition of one reporting period × one department × one period of the campaign up to it.
with timed as (
    select * from {{ ref('int_reports_timed') }}
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
    where is_current
)

select
    periods.period,
    periods.edition,
    timed.department_code,
    timed.department_zh,
    timed.period as reported_period,
    timed.period_zh as reported_period_zh,
    timed.received_at,
    timed.timeliness,
    {{ timeliness_zh('timed.timeliness') }} as timeliness_zh,
    timed.late_minutes,
    '迟 ' || {{ duration_zh('timed.late_minutes') }} as late_zh,
    timed.synthetic
from timed
cross join periods
