-- Grain: one indicator and one way of weighting it against the others, over one set of alternatives.
-- x is the normalised value (int_alternatives_valued) of m alternatives and k indicators:
--   equal    w = 1 / k.
--   entropy  p = x / Σx; e = −Σ p ln p / ln m, 0 ln 0 being 0; w = (1 − e) / Σ(1 − e).
--            Shannon (1948); as weights: Zeleny, Multiple Criteria Decision Making (1982); Hwang & Yoon (1981).
--   critic   C = σ Σ(1 − r), σ the standard deviation of x, r its correlation with each indicator; w = C / ΣC.
--            Diakoulaki, Mavrotas & Papayannakis, Computers & Operations Research 22 (1995) 763–770.
-- Where the sum is zero (one indicator alone, or all of them telling the same) a weighting does not exist: no weight.
with counted as (
    select * from {{ ref('int_alternatives_valued') }}
    where part = 'counted'
),

shares as (
    select
        counted.*,
        counted.normalised / sum(counted.normalised) over (
            partition by counted.alternatives, counted.system, counted.year, counted.code
        ) as share
    from counted
),

dispersions as (
    select
        alternatives,
        system,
        year,
        code,
        dimension_code,
        stddev_pop(normalised) as deviation,
        {{ settled(
            '1 + coalesce(sum(case when share > 0 then share * ln(share) end), 0) / ln(max(alternative_count))'
        ) }} as divergence
    from shares
    group by alternatives, system, year, code, dimension_code
),

conflicts as (
    select
        one.alternatives,
        one.system,
        one.year,
        one.code,
        other.code as other_code,
        {{ settled('1 - corr(one.normalised, other.normalised)') }} as conflict
    from counted as one
    inner join counted as other
        on
            one.alternatives = other.alternatives
            and one.system = other.system
            and one.year = other.year
            and one.area_code = other.area_code
    group by one.alternatives, one.system, one.year, one.code, other.code
),

informations as (
    select
        dispersions.alternatives,
        dispersions.system,
        dispersions.year,
        dispersions.code,
        dispersions.dimension_code,
        dispersions.divergence,
        dispersions.deviation * sum(conflicts.conflict) as information
    from dispersions
    inner join conflicts
        on
            dispersions.alternatives = conflicts.alternatives
            and dispersions.system = conflicts.system
            and dispersions.year = conflicts.year
            and dispersions.code = conflicts.code
    group by
        dispersions.alternatives, dispersions.system, dispersions.year, dispersions.code, dispersions.dimension_code,
        dispersions.divergence, dispersions.deviation
)

select
    informations.alternatives,
    informations.system,
    informations.year,
    informations.code,
    informations.dimension_code,
    weightings.weighting,
    case weightings.weighting
        when 'equal' then 1.0::double precision / count(*) over per_set
        when 'entropy' then informations.divergence / nullif(sum(informations.divergence) over per_set, 0)
        when 'critic' then informations.information / nullif(sum(informations.information) over per_set, 0)
    end as weight
from informations
cross join (values ('equal'), ('entropy'), ('critic')) as weightings (weighting)
window per_set as (
    partition by
        informations.alternatives, informations.system, informations.year, weightings.weighting
)
