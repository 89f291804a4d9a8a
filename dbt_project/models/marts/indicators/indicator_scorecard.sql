-- Grain: one indicator of one system and year, in its headline area. Dropped 特色指标 are left out, proposed ones shown.
select * from {{ ref('int_indicators_assessed') }}
