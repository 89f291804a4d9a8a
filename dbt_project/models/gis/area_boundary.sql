-- Grain: one area that has a boundary: drawn in a layer of the city, or in the reference boundaries.
with areas as (
    {{ current_areas() }}
),

features as (
    select * from {{ ref('features_in_force') }}
),

-- As cityhealth.measurement.ground takes them.
drawn as (
    select
        areas.code as area_code,
        areas.name_zh,
        areas.level,
        'layer' as source,
        max(features.valid_on) as valid_on,
        st_union(features.geom) as geom
    from areas
    inner join features
        on
            (areas.level = 'built_up' and features.kind = 'built_up_area')
            or (areas.level = 'cluster' and features.kind = 'cluster' and features.attributes ->> 'area' = areas.code)
    group by areas.code, areas.name_zh, areas.level
),

reference as (
    select
        code as area_code,
        name_zh,
        level,
        'reference' as source,
        valid_from as valid_on,
        st_setsrid(st_force2d(st_geomfromgeojson(geojson)), 4490) as geom
    from {{ source('ops', 'area_boundary') }}
    where code not in (select drawn.area_code from drawn)
),

boundaries as (
    select * from drawn
    union all
    select * from reference
)

select
    cast(row_number() over (order by area_code) as integer) as id,
    area_code,
    name_zh,
    level,
    source,
    valid_on,
    st_multi(st_collectionextract(geom, 3)) as geom
from boundaries
