-- Grain: one indicator of one system and year that is a strength (优势) or a shortfall (短板) of the city.
-- By its grade where it has a target; without one by its rank among the peer cities (house rules in grading.csv). The
-- evidence repeats the comparisons, all of whose numbers are in indicator_comparison.
with scorecard as (
    select * from {{ ref('indicator_scorecard') }}
    where value is not null
),

comparisons as (
    select * from {{ ref('indicator_comparison') }}
),

peers as (
    select * from comparisons
    where comparison = 'peer'
),

gradings as (
    select * from {{ ref('stg_catalogue__gradings') }}
    where kind = 'grade'
),

judged as (
    select
        scorecard.*,
        peers.rank as peer_rank,
        peers.of_count as peer_of_count,
        case
            when scorecard.grade in ('strength', 'shortfall') then 'target'
            when scorecard.score is null and peers.rank is not null then 'peer'
        end as judged_by,
        case
            when scorecard.grade in ('strength', 'shortfall') then scorecard.grade
            when scorecard.score is null and peers.of_count > {{ comparison_rule('peer_least') }}
                then
                    case
                        -- Who is where half of the peers are is neither, however many share the rank.
                        when peers.better and peers.rank <= {{ comparison_rule('peer_best') }} * peers.of_count
                            then 'strength'
                        when
                            not peers.better
                            and peers.of_count - peers.rank + 1 <= {{ comparison_rule('peer_worst') }} * peers.of_count
                            then 'shortfall'
                    end
        end as judgement
    from scorecard
    left join peers
        on scorecard.system = peers.system and scorecard.year = peers.year and scorecard.code = peers.code
),

evidence as (
    select
        system,
        year,
        code,
        count(*)::integer as rests_on,
        string_agg(
            clause_zh, '；'
            order by array_position(array['target', 'previous_year', 'peer', 'third_party'], comparison)
        ) as clauses_zh,
        string_agg(
            comparison_zh || '：' || source_zh, '；'
            order by array_position(array['target', 'previous_year', 'peer', 'third_party'], comparison)
        ) filter (where source_zh is not null) as sources_zh,
        bool_or(synthetic) as synthetic
    from comparisons
    group by system, year, code
)

select
    judged.system,
    judged.year,
    judged.code,
    judged.name_zh,
    judged.dimension_code,
    judged.dimension_zh,
    judged.area_code,
    judged.area_zh,
    judged.value,
    judged.unit,
    judged.score,
    judged.judgement,
    gradings.label_zh as judgement_zh,
    judged.judged_by,
    case judged.judged_by
        when 'target' then '按目标值评分'
        when 'peer' then '没有目标值，按在同类城市中的排名'
    end as judged_by_zh,
    judged.peer_rank,
    judged.peer_of_count,
    judged.name_zh || '（' || judged.area_zh || '）为 ' || {{ with_unit('judged.value', 'judged.unit') }} || '；'
    || evidence.clauses_zh || '。' as evidence_zh,
    concat_ws('；', '本市的值：' || judged.sources_zh, evidence.sources_zh) as sources_zh,
    evidence.rests_on,
    judged.synthetic or evidence.synthetic as synthetic
from judged
inner join evidence
    on judged.system = evidence.system and judged.year = evidence.year and judged.code = evidence.code
left join gradings on judged.judgement = gradings.code
where judged.judgement is not null
