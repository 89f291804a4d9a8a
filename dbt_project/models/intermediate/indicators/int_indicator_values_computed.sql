-- Grain: one indicator in one area, for its year (years_back 0) and by the same formula one year earlier (1).
-- State: not_applicable before refused before missing; a zero denominator makes the value missing, never infinite.
with components as (
    select * from {{ ref('int_indicator_components') }}
),

indicator_areas as (
    select * from {{ ref('int_indicator_areas') }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

folded as (
    select
        system,
        year,
        code,
        area_code,
        years_back,
        max(value) filter (where role = 'numerator') as numerator,
        max(value) filter (where role = 'denominator') as denominator,
        max(value) filter (where role = 'reported') as reported_value,
        count(*) filter (where not is_for_comparison) as needed,
        count(*) filter (where not is_for_comparison and state = 'not_applicable') as not_applicable,
        count(*) filter (where not is_for_comparison and state = 'refused') as refused,
        count(*) filter (where not is_for_comparison and state = 'missing') as missing,
        string_agg(reason_zh, '；' order by role desc, component_area_code)
        filter (where not is_for_comparison) as reason_zh,
        coalesce(bool_or(marked) filter (where not is_for_comparison), false) as marked,
        coalesce(bool_or(synthetic), false) as synthetic,
        coalesce(bool_or(later_refused) filter (where not is_for_comparison), false) as later_refused
    from components
    group by system, year, code, area_code, years_back
),

stated as (
    select
        indicator_areas.system,
        indicator_areas.year,
        indicator_areas.code,
        indicator_areas.area_code,
        indicator_areas.is_headline,
        indicator_areas.formula_kind,
        lags.years_back,
        coalesce(indicators.scale, 1) as scale,
        folded.numerator,
        folded.denominator,
        folded.reported_value,
        coalesce(folded.marked, false) as marked,
        coalesce(folded.synthetic, false) as synthetic,
        coalesce(folded.later_refused, false) as later_refused,
        case
            when indicators.applicability = 'not_applicable' then 'not_applicable'
            when coalesce(folded.needed, 0) = 0 then 'missing'
            -- The largest value leaves out areas to which the item does not apply, unless it applies to none.
            when folded.not_applicable = folded.needed then 'not_applicable'
            when folded.not_applicable > 0 and indicator_areas.formula_kind <> 'maximum' then 'not_applicable'
            when folded.refused > 0 then 'refused'
            when folded.missing > 0 then 'missing'
            when indicator_areas.formula_kind in ('ratio', 'growth', 'lag_ratio') and folded.denominator = 0
                then 'missing'
            else 'value'
        end as state,
        case
            when indicators.applicability = 'not_applicable' then indicators.not_applicable_reason_zh
            when coalesce(folded.needed, 0) = 0
                then coalesce(indicators.no_formula_reason_zh, '指标目录中没有计算公式')
            else coalesce(folded.reason_zh, case when folded.denominator = 0 then '分母为 0' end)
        end as reason_zh
    from indicator_areas
    cross join (values (0), (1)) as lags (years_back)
    inner join indicators
        on
            indicator_areas.system = indicators.system
            and indicator_areas.year = indicators.year
            and indicator_areas.code = indicators.code
    left join folded
        on
            indicator_areas.system = folded.system
            and indicator_areas.year = folded.year
            and indicator_areas.code = folded.code
            and indicator_areas.area_code = folded.area_code
            and lags.years_back = folded.years_back
)

select
    system,
    year,
    code,
    area_code,
    is_headline,
    formula_kind,
    years_back,
    numerator,
    denominator,
    reported_value,
    case
        when state = 'value' then
            case formula_kind
                when 'ratio' then scale * numerator / denominator
                when 'lag_ratio' then scale * numerator / denominator
                when 'growth' then scale * (numerator - denominator) / denominator
                when 'value' then scale * numerator
                when 'maximum' then scale * numerator
                when 'none' then reported_value
            end
    end as value,
    state,
    case
        when state = 'missing' and formula_kind <> 'none' and reported_value is not null
            then reason_zh || '（填报的指标值 ' || {{ number_text('reported_value') }} || ' 无法复核，未采用）'
        when state <> 'value' then reason_zh
    end as reason_zh,
    marked,
    synthetic,
    later_refused
from stated
