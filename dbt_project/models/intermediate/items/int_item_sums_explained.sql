-- Grain: one additive item, area and data year that the areas below do not add up to, because one of them has no value.
-- Says which and why: not_applicable where the item applies to none of them, else refused before missing.
with items as (
    select * from {{ ref('stg_catalogue__items') }}
    where aggregation = 'sum' and area_scope like 'level:%'
),

areas as (
    select * from {{ ref('stg_catalogue__areas') }}
),

names as (
    {{ current_areas() }}
),

area_tree as (
    {{ area_descendants('areas') }}
),

expected as (
    select distinct
        item_code,
        area_code,
        data_year
    from {{ ref('int_items_expected') }}
),

item_values as (
    select * from {{ ref('int_item_values_by_year') }}
),

gaps as (
    select * from {{ ref('int_item_gaps_explained') }}
),

parts as (
    select
        expected.item_code,
        area_tree.ancestor_code as area_code,
        expected.data_year,
        expected.area_code as part_code,
        names.name_zh as part_zh,
        coalesce(item_values.state, gaps.state, 'missing') as state,
        case
            when item_values.state = 'not_applicable' then coalesce(item_values.remarks_text, '填报单位注明不适用')
            else coalesce(gaps.reason_zh, '未报')
        end as reason_zh
    from expected
    inner join items on expected.item_code = items.code
    inner join area_tree
        on
            expected.area_code = area_tree.code
            and make_date(expected.data_year, 12, 31)
            between coalesce(area_tree.valid_from, '-infinity') and coalesce(area_tree.valid_to, 'infinity')
    left join names on expected.area_code = names.code
    left join item_values
        on
            expected.item_code = item_values.item_code
            and expected.area_code = item_values.area_code
            and expected.data_year = item_values.data_year
    left join gaps
        on
            expected.item_code = gaps.item_code
            and expected.area_code = gaps.area_code
            and expected.data_year = gaps.data_year
)

select
    item_code,
    area_code,
    data_year,
    case
        when bool_and(state = 'not_applicable') then 'not_applicable'
        when bool_or(state = 'refused') then 'refused'
        else 'missing'
    end as state,
    case
        when bool_and(state = 'missing' and reason_zh = '未报') then '未报'
        else string_agg(part_zh || '：' || reason_zh, '，' order by part_code) filter (where state <> 'value')
    end as reason_zh
from parts
group by item_code, area_code, data_year
having bool_or(state <> 'value')
