-- Grain: one dimension of one system and year.
-- The score is the mean over scored indicators that are official or adopted; proposed 特色指标 are counted apart and
-- weigh nothing.
with scorecard as (
    select * from {{ ref('indicator_scorecard') }}
),

dimensions as (
    select * from {{ ref('stg_catalogue__dimensions') }}
)

select
    scorecard.system,
    scorecard.year,
    scorecard.dimension_code,
    dimensions.name_zh as dimension_zh,
    dimensions.name_en as dimension_en,
    dimensions.kind as dimension_kind,
    dimensions.sort_order,
    avg(scorecard.score) filter (where counted.counts) as score,
    case
        when count(scorecard.score) filter (where counted.counts) = 0 then '没有指标有得分'
        else '由 ' || count(scorecard.score) filter (where counted.counts) || ' 个指标得出'
    end
    || '（适用 ' || count(*) filter (where counted.counts and scorecard.state <> 'not_applicable') || ' 个）'
        as score_basis_zh,
    count(*) filter (where counted.counts)::integer as indicator_count,
    count(scorecard.score) filter (where counted.counts)::integer as scored_count,
    count(*) filter (where counted.counts and scorecard.state <> 'not_applicable')::integer as applicable_count,
    count(*) filter (where counted.counts and scorecard.value is not null)::integer as value_count,
    count(*) filter (where counted.counts and scorecard.state = 'missing')::integer as missing_count,
    count(*) filter (where counted.counts and scorecard.state = 'refused')::integer as refused_count,
    count(*) filter (where counted.counts and scorecard.state = 'not_applicable')::integer as not_applicable_count,
    count(*) filter (where counted.counts and scorecard.state = 'no_standard')::integer as no_standard_count,
    count(*) filter (where counted.counts and scorecard.warning = 'red')::integer as red_count,
    count(*) filter (where counted.counts and scorecard.warning = 'yellow')::integer as yellow_count,
    count(*) filter (where not counted.counts)::integer as proposed_count,
    count(*) filter (where not counted.counts and scorecard.value is not null)::integer as proposed_value_count
from scorecard
cross join lateral (values (scorecard.status in ('official', 'adopted'))) as counted (counts)
left join dimensions on scorecard.dimension_code = dimensions.code
group by
    scorecard.system, scorecard.year, scorecard.dimension_code,
    dimensions.name_zh, dimensions.name_en, dimensions.kind, dimensions.sort_order
