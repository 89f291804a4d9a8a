-- Grain: one indicator of one system and year in one area.
-- The headline area, and every other that has something to show.
with scored as (
    select * from {{ ref('int_indicator_values_scored') }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

areas as (
    {{ current_areas() }}
)

select
    scored.system,
    scored.year,
    scored.code,
    indicators.name_zh,
    indicators.name_en,
    scored.area_code,
    areas.name_zh as area_zh,
    areas.name_en as area_en,
    areas.level as area_level,
    scored.is_headline,
    scored.numerator,
    scored.denominator,
    scored.value,
    indicators.unit,
    scored.state,
    {{ state_zh('scored.state') }} as state_zh,
    scored.reason_zh,
    scored.score,
    scored.grade_zh,
    scored.warning,
    scored.warning_reason_zh
from scored
inner join indicators
    on scored.system = indicators.system and scored.year = indicators.year and scored.code = indicators.code
left join areas on scored.area_code = areas.code
