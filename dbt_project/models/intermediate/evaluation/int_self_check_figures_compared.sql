-- Grain: one figure quoted in a self-check that counts, beside the accepted value that it speaks of.
-- Only what states the examined value is compared (about = present). A figure agrees where the accepted value rounds or
-- is cut to it, in the digits quoted; 约 has a tolerance of its own (grading.csv), 超过 and 不足 are limits.
with figures as (
    select * from {{ ref('stg_gate__self_check_figures') }}
),

lines as (
    select * from {{ ref('int_self_check_lines_in_force') }}
),

examinations as (
    select * from {{ ref('stg_catalogue__examinations') }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

scored as (
    select * from {{ ref('int_indicator_values_scored') }}
),

item_values as (
    select * from {{ ref('int_item_values_by_year') }}
),

units as (
    select * from {{ ref('stg_catalogue__units') }}
),

tolerances as (
    select max(parameter) filter (where code = 'quoted_about') as of_about
    from {{ ref('stg_catalogue__gradings') }}
    where kind = 'tolerance'
),

quoted as (
    select
        figures.figure_key,
        figures.figure_no,
        lines.line_key,
        lines.system,
        lines.year,
        lines.department_code,
        lines.dimension_code,
        lines.section,
        lines.paragraph_no,
        figures.indicator_code,
        figures.item_code,
        coalesce(indicators.name_zh, items.name_zh) as name_zh,
        coalesce(
            figures.area_code,
            indicators.area_code,
            case
                when items.area_scope not like 'level:%' then items.area_scope
                when areas_above.item_code is not null then areas_above.area_code
            end,
            case when figures.indicator_code is not null then examinations.default_area_code end
        ) as area_code,
        extract(year from examinations.period_end)::integer as data_year,
        figures.value_text,
        figures.value as quoted_value,
        figures.unit as quoted_unit,
        coalesce(indicators.unit, items.unit) as unit,
        (figures.value * quoted_units.factor / own_units.factor)::double precision as quoted_in_unit,
        (figures.step * quoted_units.factor / own_units.factor)::double precision as step,
        figures.bound,
        figures.about,
        figures.about_zh,
        figures.sentence,
        lines.sheet,
        lines.cell,
        lines.filename,
        lines.sha256,
        lines.synthetic,
        lines.received_at
    from figures
    inner join lines on figures.line_key = lines.line_key
    inner join examinations on lines.system = examinations.system and lines.year = examinations.year
    left join indicators
        on
            lines.system = indicators.system
            and lines.year = indicators.year
            and figures.indicator_code = indicators.code
    left join items on figures.item_code = items.code
    -- Of what is asked of every county the sum over the city is meant, where there is one.
    left join lateral (
        select
            item_values.item_code,
            item_values.area_code
        from item_values
        where
            item_values.item_code = items.code
            and item_values.derivation = 'summed'
            and item_values.data_year = extract(year from examinations.period_end)::integer
        order by length(item_values.area_code), item_values.area_code desc
        limit 1
    ) as areas_above on true
    left join units as quoted_units on figures.unit = quoted_units.unit
    left join units as own_units
        on
            coalesce(indicators.unit, items.unit) = own_units.unit
            and quoted_units.dimension = own_units.dimension
),

beside as (
    select
        quoted.*,
        case when quoted.indicator_code is not null then scored.value else item_values.value end as accepted_value,
        case when quoted.indicator_code is not null then scored.state else coalesce(item_values.state, 'missing') end
            as accepted_state,
        case
            when quoted.bound = 'about'
                then greatest(quoted.step, tolerances.of_about * abs(quoted.quoted_in_unit))
            when quoted.bound = 'equal' then quoted.step / 2
            else 0
        end as tolerance
    from quoted
    left join scored
        on
            quoted.system = scored.system
            and quoted.year = scored.year
            and quoted.indicator_code = scored.code
            and quoted.area_code = scored.area_code
    left join item_values
        on
            quoted.item_code = item_values.item_code
            and quoted.area_code = item_values.area_code
            and quoted.data_year = item_values.data_year
    cross join tolerances
),

differences as (
    select
        *,
        {{ settled('quoted_in_unit - accepted_value') }} as difference
    from beside
)

select
    *,
    case
        when about <> 'present' or difference is null then 'not_compared'
        when bound = 'at_least' then case when difference > 0 then 'contradicts' else 'agrees' end
        when bound = 'at_most' then case when difference < 0 then 'contradicts' else 'agrees' end
        when abs(difference) <= tolerance * (1 + 1e-9) then 'agrees'
        -- Cut instead of rounded: 82.58 as 82.5.
        when bound = 'equal' and difference <= 0 and -difference < step then 'agrees'
        else 'contradicts'
    end as judgement,
    case
        when about <> 'present' then '文中的数' || about_zh || '，不核对'
        when quoted_in_unit is null then '单位不能换算，不核对'
        when accepted_value is null then '没有采用的数值（' || coalesce({{ state_zh('accepted_state') }}, '未报') || '），无法核对'
    end as not_compared_zh
from differences
