-- Grain: one indicator and one area it is computed for; is_headline marks the area that the scorecard shows.
-- Beside the headline area: every area for which the first item of the formula has something in the year.
with indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
    where status <> 'dropped'
),

examinations as (
    select * from {{ ref('stg_catalogue__examinations') }}
),

item_values as (
    select * from {{ ref('int_item_values_by_year') }}
),

expected as (
    select * from {{ ref('int_items_expected') }}
),

-- Whom the city is compared with is no part of it, whatever a yearbook says of them.
peers as (
    select * from {{ ref('stg_catalogue__peers') }}
),

defined as (
    select
        indicators.*,
        extract(year from examinations.period_end)::integer as data_year,
        coalesce(indicators.area_code, examinations.default_area_code) as headline_area_code
    from indicators
    inner join examinations
        on indicators.system = examinations.system and indicators.year = examinations.year
),

other_areas as (
    select
        defined.system,
        defined.year,
        defined.code,
        item_values.area_code
    from defined
    inner join item_values
        on defined.numerator_item = item_values.item_code and defined.data_year = item_values.data_year
    where
        defined.formula_kind <> 'none'
        and item_values.area_code not in (select peers.area_code from peers)
    union
    select
        defined.system,
        defined.year,
        defined.code,
        expected.area_code
    from defined
    inner join expected
        on
            defined.system = expected.system
            and defined.year = expected.year
            and defined.numerator_item = expected.item_code
            and defined.data_year = expected.data_year
    where defined.formula_kind = 'maximum'
)

select
    defined.system,
    defined.year,
    defined.code,
    defined.headline_area_code as area_code,
    true as is_headline,
    defined.data_year,
    defined.formula_kind,
    defined.numerator_item,
    defined.denominator_item
from defined
union all
select
    defined.system,
    defined.year,
    defined.code,
    other_areas.area_code,
    false as is_headline,
    defined.data_year,
    -- The largest value is a statement about all areas; of one area it is the value itself.
    case when defined.formula_kind = 'maximum' then 'value' else defined.formula_kind end as formula_kind,
    defined.numerator_item,
    defined.denominator_item
from defined
inner join other_areas
    on defined.system = other_areas.system and defined.year = other_areas.year and defined.code = other_areas.code
where other_areas.area_code <> defined.headline_area_code
