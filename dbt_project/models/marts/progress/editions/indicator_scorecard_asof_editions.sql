-- Grain: one edition of one reporting period × one indicator of one system and year, as of the period's cut-off.
-- Of so long a chain of CTEs PostgreSQL guesses one row and loops over all: without loops it takes a sixth of the time.
{{ config(pre_hook='set local enable_nestloop = off') }}

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
