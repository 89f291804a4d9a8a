-- Grain: one item of one area that the city is compared with, in one period: an indicator of a peer city, a census
-- item, a province's figure. Only what was handed in for that area itself; nothing of ours is computed from it.
with picked as (
    select * from {{ ref('int_item_values_ranked') }}
    where source_rank = 1 and state = 'value'
),

lines as (
    select * from {{ ref('stg_gate__item_values') }}
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

peers as (
    select * from {{ ref('stg_catalogue__peers') }}
),

areas as (
    {{ current_areas() }}
),

examined as (
    select
        indicators.system,
        indicators.year,
        indicators.code,
        indicators.name_zh,
        indicators.dimension_code,
        examinations.period_start,
        examinations.period_end
    from {{ ref('stg_catalogue__indicators') }} as indicators
    inner join {{ ref('stg_catalogue__examinations') }} as examinations
        on indicators.system = examinations.system and indicators.year = examinations.year
),

scorecard as (
    select * from {{ ref('int_indicator_values_scored') }}
    where is_headline
),

cities as (
    select code from areas
    where level = 'city'
),

own as (
    select
        picked.item_code,
        picked.period,
        picked.area_code,
        picked.value
    from picked
    inner join cities on picked.area_code = cities.code
)

select
    concat_ws('/', examined.system, examined.year, picked.item_code, picked.area_code, picked.period) as peer_key,
    examined.system,
    examined.year,
    items.reported_of as code,
    picked.item_code,
    coalesce(examined.name_zh, items.name_zh) as name_zh,
    examined.dimension_code,
    picked.area_code,
    areas.name_zh as area_zh,
    peers.kind as peer_kind,
    {{ peer_kind_zh('peers.kind') }} as peer_kind_zh,
    peers.peer_group,
    picked.period,
    picked.value,
    coalesce(picked.unit, items.unit) as unit,
    case
        when items.reported_of is not null then scorecard.value
        when peers.kind = 'city' then own.value
    end as own_value,
    case
        when items.reported_of is not null then scorecard.area_code
        when peers.kind = 'city' then own.area_code
    end as own_area_code,
    picked.source_kind,
    picked.marked,
    picked.line_key,
    picked.received_at,
    lines.filename,
    lines.sha256,
    lines.sheet,
    lines.cell,
    picked.synthetic
from picked
inner join peers on picked.area_code = peers.area_code
inner join items on picked.item_code = items.code
left join areas on picked.area_code = areas.code
left join lines on picked.line_key = lines.line_key
left join examined
    on
        items.reported_of = examined.code
        and picked.period_start = examined.period_start
        and picked.period_end = examined.period_end
left join scorecard
    on examined.system = scorecard.system and examined.year = scorecard.year and examined.code = scorecard.code
left join own on picked.item_code = own.item_code and picked.period = own.period
