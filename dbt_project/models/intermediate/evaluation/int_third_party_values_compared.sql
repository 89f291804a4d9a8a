-- Grain: one indicator of one examination in one area, as one third party found it, beside the city's own value.
-- The city's value is that of the same area; where it has none there, the headline's, and the areas differ.
with found as (
    select * from {{ ref('int_third_party_values_in_force') }}
),

scored as (
    select * from {{ ref('int_indicator_values_scored') }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

examinations as (
    select * from {{ ref('stg_catalogue__examinations') }}
),

unit_names as (
    select * from {{ ref('stg_catalogue__unit_names') }}
),

areas as (
    {{ current_areas() }}
),

tolerances as (
    select max(parameter) as between_sources
    from {{ ref('stg_catalogue__gradings') }}
    where kind = 'tolerance' and code = 'source_difference'
),

beside as (
    select
        found.line_key,
        found.system,
        found.year,
        found.indicator_code as code,
        indicators.name_zh,
        indicators.dimension_code,
        indicators.unit,
        found.area_code,
        coalesce(in_area.area_code, headline.area_code) as city_area_code,
        coalesce(in_area.is_headline, true) as is_headline,
        case when in_area.code is not null then in_area.value else headline.value end as city_value,
        coalesce(in_area.state, headline.state) as city_state,
        case when in_area.code is not null then in_area.reason_zh else headline.reason_zh end as city_reason_zh,
        extract(year from examinations.period_end)::integer::text as city_period,
        found.value as third_party_value,
        found.state as third_party_state,
        found.period as third_party_period,
        found.value_text,
        found.unit_text,
        nullif(indicators.definition_zh, '') as definition_zh,
        found.definition_text,
        found.method_text,
        found.source_text,
        found.remarks_text,
        lower({{ plain_text('found.definition_text') }}) <> lower({{ plain_text('indicators.definition_zh') }})
            as texts_unequal,
        -- Without a text of theirs, or of ours, nobody knows.
        nullif({{ plain_text('found.definition_text') }}, '') is not null
        and nullif({{ plain_text('indicators.definition_zh') }}, '') is not null as texts_comparable,
        {{ text_similarity(
            "lower(" ~ plain_text('found.definition_text') ~ ")", "lower(" ~ plain_text('indicators.definition_zh') ~ ")"
        ) }} as definition_similarity,
        in_area.code is null and found.area_code <> headline.area_code as area_differs,
        not found.is_of_examined_year as period_differs,
        found.unit_text is not null
        and {{ plain_unit('found.unit_text') }} not in ('', {{ plain_unit('indicators.unit') }})
        and not exists (
            select 1
            from unit_names
            where
                unit_names.unit = indicators.unit
                and unit_names.name = lower({{ plain_unit('found.unit_text') }})
        ) as unit_differs,
        tolerances.between_sources as tolerance,
        found.sender_text,
        found.arrival_id,
        found.received_at,
        found.filename,
        found.sha256,
        found.sheet,
        found.cell,
        found.marked,
        found.synthetic or coalesce(in_area.synthetic, headline.synthetic, false) as synthetic
    from found
    inner join indicators
        on
            found.system = indicators.system
            and found.year = indicators.year
            and found.indicator_code = indicators.code
    inner join examinations on found.system = examinations.system and found.year = examinations.year
    left join scored as headline
        on
            found.system = headline.system
            and found.year = headline.year
            and found.indicator_code = headline.code
            and headline.is_headline
    left join scored as in_area
        on
            found.system = in_area.system
            and found.year = in_area.year
            and found.indicator_code = in_area.code
            and found.area_code = in_area.area_code
    cross join tolerances
),

differing as (
    select
        beside.*,
        areas.name_zh as area_zh,
        city_areas.name_zh as city_area_zh,
        case when beside.texts_comparable then beside.texts_unequal end as text_differs,
        {{ settled('beside.third_party_value - beside.city_value') }} as difference,
        {{ relative_difference('beside.third_party_value', 'beside.city_value') }} as relative_difference
    from beside
    left join areas on beside.area_code = areas.code
    left join areas as city_areas on beside.city_area_code = city_areas.code
)

select
    differing.*,
    -- Three-valued: unknown where only the texts could tell and one is missing.
    differing.text_differs or differing.area_differs or differing.period_differs as definition_differs,
    nullif(
        concat_ws(
            '、',
            case when differing.text_differs then '口径文字' end,
            case
                when differing.area_differs
                    then '区域（第三方：' || differing.area_zh || '，本市：' || differing.city_area_zh || '）'
            end,
            case
                when differing.period_differs
                    then
                        '数据年份（第三方：' || differing.third_party_period || '，本市：' || differing.city_period || '）'
            end,
            case
                when differing.unit_differs
                    then '计量单位（第三方：' || differing.unit_text || '，已换算为' || differing.unit || '）'
            end
        ),
        ''
    ) as differs_in_zh,
    case
        when differing.difference is not null
            then coalesce(
                differing.relative_difference > differing.tolerance, differing.third_party_value <> differing.city_value
            )
    end as exceeds_tolerance
from differing
