-- Grain: one indicator in one area, with its final state, score, grade and warning.
-- A value without a published target is no_standard: it has no score. Grades and warnings are the rules of grading.csv.
with computed as (
    select * from {{ ref('int_indicator_values_computed') }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

targets as (
    select * from {{ ref('stg_catalogue__targets') }}
    where kind = 'target'
),

gradings as (
    select * from {{ ref('stg_catalogue__gradings') }}
),

grades as (
    select * from gradings
    where kind = 'grade'
),

-- One row, so that each rule of grading.csv can be asked for by its code; a rule that is not there never fires.
rules as (
    select
        max(upper) filter (where code = 'red_score') as red_below,
        max(upper) filter (where code = 'yellow_shortfall') as yellow_below,
        max(parameter) filter (where code = 'yellow_decline') as decline_allowed,
        coalesce(bool_or(code = 'red_bottom_line'), false) as bottom_line_is_red
    from gradings
    where kind = 'warning'
),

scored as (
    select
        computed.system,
        computed.year,
        computed.code,
        computed.area_code,
        computed.is_headline,
        computed.formula_kind,
        computed.numerator,
        computed.denominator,
        computed.reported_value,
        computed.value,
        computed.state as value_state,
        computed.reason_zh,
        computed.marked,
        coalesce(computed.synthetic or previous.synthetic, false) as synthetic,
        computed.later_refused,
        previous.value as previous_value,
        indicators.unit,
        indicators.direction,
        indicators.category,
        targets.operator,
        targets.value as target_value,
        targets.value_high as target_value_high,
        {{ settled(score('computed.value', 'targets.operator', 'targets.value', 'targets.value_high')) }} as score,
        -- How much worse than last year; negative where it got better.
        case indicators.direction
            when 'higher' then previous.value - computed.value
            when 'lower' then computed.value - previous.value
        end as worse_by
    from computed
    inner join indicators
        on
            computed.system = indicators.system
            and computed.year = indicators.year
            and computed.code = indicators.code
    left join computed as previous
        on
            computed.system = previous.system
            and computed.year = previous.year
            and computed.code = previous.code
            and computed.area_code = previous.area_code
            and previous.years_back = 1
    left join targets
        on
            computed.system = targets.system
            and computed.year = targets.year
            and computed.code = targets.code
    where computed.years_back = 0
),

judged as (
    select
        scored.*,
        rules.red_below,
        rules.yellow_below,
        rules.decline_allowed,
        coalesce(rules.bottom_line_is_red and scored.category = '底线指标' and scored.score < 100, false)
            as is_past_limit,
        coalesce(scored.score < rules.red_below, false) as is_red_score,
        coalesce(scored.score < rules.yellow_below, false) as is_shortfall,
        {{ settled('scored.worse_by / nullif(abs(scored.previous_value), 0)') }} as decline
    from scored
    cross join rules
),

-- Worse than a year that had zero has no percentage: it is more than any that is allowed.
declined as (
    select
        judged.*,
        coalesce(
            judged.decline > judged.decline_allowed
            or (judged.previous_value = 0 and judged.worse_by > 0 and judged.decline_allowed is not null),
            false
        ) as is_declined
    from judged
)

select
    judged.system,
    judged.year,
    judged.code,
    judged.area_code,
    judged.is_headline,
    judged.formula_kind,
    judged.numerator,
    judged.denominator,
    judged.reported_value,
    judged.value,
    judged.previous_value,
    case
        when judged.value_state = 'value' and judged.operator is null then 'no_standard'
        else judged.value_state
    end as state,
    case
        when judged.value_state = 'value' and judged.operator is null then '没有公布的目标值，不评分'
        else judged.reason_zh
    end as reason_zh,
    judged.marked,
    judged.synthetic,
    judged.later_refused,
    judged.score,
    grades.code as grade,
    grades.label_zh as grade_zh,
    case
        when judged.is_past_limit or judged.is_red_score then 'red'
        when judged.is_shortfall or judged.is_declined then 'yellow'
        -- Neither a score nor a year to compare with: no rule could be asked, so "no warning" would claim too much.
        when judged.score is null and judged.worse_by is null then 'not_judged'
        else 'none'
    end as warning,
    nullif(
        concat_ws(
            '；',
            case when judged.is_past_limit then '底线指标未达到目标值' end,
            case
                when judged.is_red_score then '得分低于 ' || {{ number_text('judged.red_below') }}
                when judged.is_shortfall then '得分低于 ' || {{ number_text('judged.yellow_below') }} || '，属短板'
            end,
            case
                when judged.is_declined and judged.previous_value = 0 then '上年为 0，今年变差'
                when judged.is_declined
                    then '比上年变差 ' || {{ number_text('round((100 * judged.decline)::numeric, 1)') }} || '%'
            end
        ),
        ''
    ) as warning_reason_zh
from declined as judged
left join grades
    on
        judged.score >= coalesce(grades.lower, '-infinity'::double precision)
        and judged.score < coalesce(grades.upper, 'infinity'::double precision)
