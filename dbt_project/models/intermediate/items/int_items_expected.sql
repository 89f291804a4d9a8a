-- Grain: one item, area and data year that an examination needs (all feeds; without context items).
-- The same duties as Catalogue.duty_list in Python, which asks departments for them.
with items as (
    select * from {{ ref('stg_catalogue__items') }}
    where role <> 'context'
),

examinations as (
    select * from {{ ref('stg_catalogue__examinations') }}
),

areas as (
    select * from {{ ref('stg_catalogue__areas') }}
),

needed as (
    select
        examinations.system,
        examinations.year,
        examinations.period_end,
        items.code as item_code,
        items.feed,
        items.department_code,
        coalesce(items.area_scope, examinations.default_area_code) as area_scope,
        offsets.years::integer as year_offset,
        extract(year from examinations.period_end)::integer + offsets.years::integer as data_year
    from items
    cross join examinations
    cross join lateral unnest(string_to_array(coalesce(items.period_offsets, '0'), ';')) as offsets (years)
)

select distinct
    needed.system,
    needed.year,
    needed.item_code,
    areas.code as area_code,
    needed.data_year,
    needed.year_offset,
    needed.feed,
    needed.department_code,
    needed.area_scope not like 'level:%' as is_single_area
from needed
inner join areas
    on
        needed.area_scope = areas.code
        or (
            needed.area_scope = 'level:' || areas.level
            and (needed.period_end + make_interval(years => needed.year_offset))::date
            between coalesce(areas.valid_from, '-infinity') and coalesce(areas.valid_to, 'infinity')
        )
