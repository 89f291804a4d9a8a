-- Grain: one indicator of one system and year in one area that has a boundary.
with indicator_values as (
    select * from {{ ref('indicator_value_by_area') }}
),

boundaries as (
    select * from {{ ref('area_boundary') }}
)

select
    cast(
        row_number() over (
            order by indicator_values.system, indicator_values.year, indicator_values.code, indicator_values.area_code
        ) as integer
    ) as id,
    indicator_values.system,
    indicator_values.year,
    indicator_values.code,
    indicator_values.name_zh,
    indicator_values.area_code,
    indicator_values.area_zh,
    indicator_values.area_level,
    indicator_values.value,
    indicator_values.unit,
    indicator_values.state,
    indicator_values.state_zh,
    indicator_values.score,
    indicator_values.grade_zh,
    indicator_values.warning,
    boundaries.geom
from indicator_values
inner join boundaries on indicator_values.area_code = boundaries.area_code
