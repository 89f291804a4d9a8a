-- Grain: one number that one indicator in one area rests on: years_back, role, item, component area.
-- With its value, or why there is none; years_back 1 is the same formula one year earlier.
with indicator_areas as (
    select * from {{ ref('int_indicator_areas') }}
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

expected as (
    select * from {{ ref('int_items_expected') }}
),

item_values as (
    select * from {{ ref('int_item_values_by_year') }}
),

gaps as (
    select * from {{ ref('int_item_gaps_explained') }}
),

sums as (
    select * from {{ ref('int_item_sums_explained') }}
),

areas as (
    {{ current_areas() }}
),

lags (years_back) as (
    values (0), (1)
),

roles as (
    select
        indicator_areas.*,
        'numerator' as role,
        indicator_areas.numerator_item as item_code,
        0 as years_before
    from indicator_areas
    where indicator_areas.formula_kind in ('ratio', 'value', 'growth', 'lag_ratio', 'maximum')
    union all
    select
        indicator_areas.*,
        'denominator' as role,
        indicator_areas.denominator_item as item_code,
        case when indicator_areas.formula_kind = 'lag_ratio' then 1 else 0 end as years_before
    from indicator_areas
    where indicator_areas.formula_kind in ('ratio', 'lag_ratio')
    union all
    select
        indicator_areas.*,
        'denominator' as role,
        indicator_areas.numerator_item as item_code,
        1 as years_before
    from indicator_areas
    where indicator_areas.formula_kind = 'growth'
    union all
    select
        indicator_areas.*,
        'reported' as role,
        items.code as item_code,
        0 as years_before
    from indicator_areas
    inner join items on indicator_areas.code = items.reported_of and items.role = 'reported_indicator'
),

-- The headline takes an item from the one area it is asked for (a built-up area over the whole district, say).
-- The largest value takes it from every area it is asked for.
placed as (
    select distinct
        roles.system,
        roles.year,
        roles.code,
        roles.area_code,
        roles.is_headline,
        roles.formula_kind,
        lags.years_back,
        roles.role,
        roles.item_code,
        roles.data_year - lags.years_back - roles.years_before as data_year,
        case
            when roles.formula_kind = 'maximum' and roles.role = 'numerator'
                then coalesce(expected.area_code, roles.area_code)
            when roles.is_headline and items.area_scope not like 'level:%' then items.area_scope
            else roles.area_code
        end as component_area_code
    from roles
    cross join lags
    left join items on roles.item_code = items.code
    left join expected
        on
            roles.formula_kind = 'maximum'
            and roles.role = 'numerator'
            and roles.system = expected.system
            and roles.year = expected.year
            and roles.item_code = expected.item_code
            and roles.data_year = expected.data_year
)

select
    placed.system,
    placed.year,
    placed.code,
    placed.area_code,
    placed.is_headline,
    placed.formula_kind,
    placed.years_back,
    placed.role,
    placed.role = 'reported' and placed.formula_kind <> 'none' as is_for_comparison,
    placed.item_code,
    placed.component_area_code,
    placed.data_year,
    item_values.period,
    item_values.value,
    coalesce(item_values.state, gaps.state, sums.state, 'missing') as state,
    case
        when item_values.state = 'not_applicable'
            then coalesce(item_values.remarks_text, '填报单位注明不适用')
        when item_values.state is null
            then
                coalesce(items.name_zh, placed.item_code)
                || '（' || coalesce(areas.name_zh, placed.component_area_code) || '，' || placed.data_year || '）：'
                || coalesce(gaps.reason_zh, sums.reason_zh, '未报')
    end as reason_zh,
    item_values.derivation,
    coalesce(item_values.marked, false) as marked,
    coalesce(item_values.synthetic, false) as synthetic,
    coalesce(item_values.later_refused, false) as later_refused,
    item_values.source_kinds,
    item_values.line_keys
from placed
left join items on placed.item_code = items.code
left join areas on placed.component_area_code = areas.code
left join item_values
    on
        placed.item_code = item_values.item_code
        and placed.component_area_code = item_values.area_code
        and placed.data_year = item_values.data_year
left join gaps
    on
        placed.item_code = gaps.item_code
        and placed.component_area_code = gaps.area_code
        and placed.data_year = gaps.data_year
left join sums
    on
        placed.item_code = sums.item_code
        and placed.component_area_code = sums.area_code
        and placed.data_year = sums.data_year
