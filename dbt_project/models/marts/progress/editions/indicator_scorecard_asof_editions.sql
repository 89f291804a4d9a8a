-- Grain: one edition of one reporting period × one indicator of one system and year, as of the period's cut-off.
with periods as (
    select * from {{ ref('int_reporting_periods') }}
    where is_current
),

indicators as (
    select * from {{ ref('int_indicators_assessed') }}
)

select
    periods.period,
    periods.edition,
    indicators.*
from indicators
cross join periods
