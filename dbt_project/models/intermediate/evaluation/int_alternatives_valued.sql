-- Grain: one indicator of one alternative that can be ranked by several: a city (ours, its peers) or a county of ours.
-- An indicator counts that is better high or low. ``part`` says whether it takes part: an alternative with too few of
-- them is left out first, then what not every remaining alternative has (list-wise), then what is the same for all.
with scorecard as (
    select * from {{ ref('indicator_scorecard') }}
    where value is not null and direction in ('higher', 'lower')
),

areas as (
    {{ current_areas() }}
),

cities as (
    select * from areas
    where level = 'city'
),

peer_values as (
    select * from {{ ref('peer_value') }}
    where peer_kind = 'city' and system is not null
),

peer_cities as (
    select
        'peer_cities' as alternatives,
        scorecard.system,
        scorecard.year,
        cities.code as area_code,
        true as is_own,
        scorecard.code,
        scorecard.dimension_code,
        scorecard.direction,
        scorecard.value,
        scorecard.synthetic
    from scorecard
    cross join cities
    union all
    select
        'peer_cities' as alternatives,
        peer_values.system,
        peer_values.year,
        peer_values.area_code,
        false as is_own,
        peer_values.code,
        scorecard.dimension_code,
        scorecard.direction,
        peer_values.value,
        peer_values.synthetic
    from peer_values
    inner join scorecard
        on
            peer_values.system = scorecard.system
            and peer_values.year = scorecard.year
            and peer_values.code = scorecard.code
),

counties as (
    select
        'counties' as alternatives,
        scored.system,
        scored.year,
        scored.area_code,
        false as is_own,
        scored.code,
        indicators.dimension_code,
        indicators.direction,
        scored.value,
        scored.synthetic
    from {{ ref('int_indicator_values_scored') }} as scored
    inner join {{ ref('stg_catalogue__indicators') }} as indicators
        on scored.system = indicators.system and scored.year = indicators.year and scored.code = indicators.code
    inner join areas on scored.area_code = areas.code and areas.level = 'county'
    where scored.value is not null and indicators.direction in ('higher', 'lower')
),

given as (
    select * from peer_cities
    union all
    select * from counties
),

-- An indicator that only one of them has compares nothing.
comparable as (
    select
        given.*,
        count(*) over (
            partition by given.alternatives, given.system, given.year, given.code
        ) as having_it
    from given
),

asked as (
    select
        alternatives,
        system,
        year,
        count(distinct code) as codes
    from comparable
    where having_it > 1
    group by alternatives, system, year
),

covered as (
    select
        comparable.*,
        coalesce(asked.codes, 0) as asked_count,
        count(*) filter (where comparable.having_it > 1) over (
            partition by comparable.alternatives, comparable.system, comparable.year, comparable.area_code
        ) as covered_count
    from comparable
    left join asked
        on
            comparable.alternatives = asked.alternatives
            and comparable.system = asked.system
            and comparable.year = asked.year
),

admitted as (
    select
        covered.*,
        covered.covered_count >= {{ comparison_rule('value_coverage') }} * covered.asked_count as is_admitted
    from covered
),

spread as (
    select
        alternatives,
        system,
        year,
        code,
        count(*) as having_it,
        min(value) as lowest,
        max(value) as highest
    from admitted
    where is_admitted
    group by alternatives, system, year, code
),

sets as (
    select
        alternatives,
        system,
        year,
        count(distinct area_code) as alternative_count
    from admitted
    where is_admitted
    group by alternatives, system, year
)

select
    admitted.alternatives,
    admitted.system,
    admitted.year,
    admitted.area_code,
    admitted.is_own,
    admitted.code,
    admitted.dimension_code,
    admitted.value,
    admitted.is_admitted,
    admitted.covered_count,
    admitted.asked_count,
    coalesce(sets.alternative_count, 0) as alternative_count,
    case
        when not admitted.is_admitted then 'alternative_left_out'
        when admitted.having_it < 2 then 'nothing_to_compare'
        when spread.having_it < sets.alternative_count then 'not_of_all'
        when {{ same_number('spread.lowest', 'spread.highest') }} then 'constant'
        else 'counted'
    end as part,
    -- Min–max over the alternatives, 1 is best.
    case
        when
            admitted.is_admitted
            and spread.having_it = sets.alternative_count
            and not {{ same_number('spread.lowest', 'spread.highest') }}
            then
                case admitted.direction
                    when 'higher' then admitted.value - spread.lowest
                    else spread.highest - admitted.value
                end / (spread.highest - spread.lowest)
    end as normalised,
    admitted.synthetic
from admitted
left join spread
    on
        admitted.alternatives = spread.alternatives
        and admitted.system = spread.system
        and admitted.year = spread.year
        and admitted.code = spread.code
left join sets
    on
        admitted.alternatives = sets.alternatives
        and admitted.system = sets.system
        and admitted.year = sets.year
