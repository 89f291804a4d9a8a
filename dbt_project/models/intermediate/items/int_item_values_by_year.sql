-- Grain: one item, area and data year: the value that stands for that year.
-- Yearly items need exactly the year; of several points in time inside the year the last one stands for it.
-- An additive item asked of every area of a level is summed to the areas above them, once every one has its value.
with picked as (
    select * from {{ ref('int_item_values_ranked') }}
    where source_rank = 1
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

areas as (
    select * from {{ ref('stg_catalogue__areas') }}
),

handed_in as (
    select distinct on (picked.item_code, picked.area_code, picked.data_year)
        picked.item_code,
        picked.area_code,
        picked.data_year,
        picked.period,
        picked.value,
        picked.state,
        picked.remarks_text,
        picked.marked,
        picked.synthetic,
        picked.later_refused,
        picked.source_kind,
        picked.line_key
    from picked
    inner join items on picked.item_code = items.code
    where
        items.period_kind = 'point'
        or (
            picked.period_start = make_date(picked.data_year, 1, 1)
            and picked.period_end = make_date(picked.data_year, 12, 31)
        )
    order by
        picked.item_code, picked.area_code, picked.data_year,
        (picked.period_start = picked.period_end) desc, picked.period_end desc
),

area_tree as (
    {{ area_descendants('areas') }}
),

years as (
    select distinct
        item_code,
        data_year
    from handed_in
),

additive as (
    select
        items.code as item_code,
        years.data_year,
        area_tree.ancestor_code as area_code,
        area_tree.code as part_code
    from items
    inner join years on items.code = years.item_code
    inner join area_tree
        on
            items.area_scope = 'level:' || area_tree.level
            and make_date(years.data_year, 12, 31)
            between coalesce(area_tree.valid_from, '-infinity') and coalesce(area_tree.valid_to, 'infinity')
    where items.aggregation = 'sum'
),

summed as (
    select
        additive.item_code,
        additive.area_code,
        additive.data_year,
        additive.data_year::text as period,
        sum(parts.value) as value,
        bool_or(parts.marked) as marked,
        bool_or(parts.synthetic) as synthetic,
        bool_or(parts.later_refused) as later_refused,
        string_agg(distinct parts.source_kind, ',' order by parts.source_kind) as source_kinds,
        string_agg(parts.line_key, ',' order by parts.area_code) as line_keys
    from additive
    left join handed_in as parts
        on
            additive.item_code = parts.item_code
            and additive.part_code = parts.area_code
            and additive.data_year = parts.data_year
            and parts.state = 'value'
    left join handed_in as own
        on
            additive.item_code = own.item_code
            and additive.area_code = own.area_code
            and additive.data_year = own.data_year
    where own.item_code is null
    group by additive.item_code, additive.area_code, additive.data_year
    having count(*) = count(parts.value)
)

select
    item_code,
    area_code,
    data_year,
    period,
    value,
    state,
    remarks_text,
    marked,
    synthetic,
    later_refused,
    'handed_in' as derivation,
    source_kind as source_kinds,
    line_key as line_keys
from handed_in
union all
select
    item_code,
    area_code,
    data_year,
    period,
    value,
    'value' as state,
    null as remarks_text,
    marked,
    synthetic,
    later_refused,
    'summed' as derivation,
    source_kinds,
    line_keys
from summed
