-- Grain: one area of today: as one JSON document with its boundary where there is one, version 1.
with areas as (
    select distinct on (area_code) *
    from {{ ref('dim_area') }}
    where valid_to is null
    order by area_code, valid_from desc nulls last
),

boundaries as (
    select distinct on (area_code) *
    from {{ ref('dim_area_boundary') }}
    order by area_code, valid_from desc nulls last
),

documents as (
    select
        areas.area_code as key,
        jsonb_build_object(
            'version', 1,
            'code', areas.area_code,
            'name', areas.name_zh,
            'level', areas.level,
            'parent', areas.parent_code,
            'valid_from', areas.valid_from,
            'datum', case when boundaries.geojson is not null then 'EPSG:4490' end,
            'boundary', cast(boundaries.geojson as jsonb)
        ) as document
    from areas
    left join boundaries on areas.area_code = boundaries.area_code
)

{{ documents_since('documents') }}
