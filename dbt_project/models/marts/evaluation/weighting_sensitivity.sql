-- Grain: one subject under one way of weighting, within one set of alternatives: a city among its peers, a county
-- among the city's, or a dimension of ours. How far a rank depends on the weights, so that no artefact is taken for a
-- finding. A dimension's score is the weighted mean of the city's own normalised values in it, its weight their sum.
with valued as (
    select * from {{ ref('int_alternatives_valued') }}
),

weighted as (
    select * from {{ ref('int_criteria_weighted') }}
),

weightings (weighting, place) as (
    values ('equal', 1), ('entropy', 2), ('critic', 3)
),

areas as (
    {{ current_areas() }}
),

dimensions as (
    select * from {{ ref('stg_catalogue__dimensions') }}
),

sets as (
    select
        alternatives,
        system,
        year,
        max(alternative_count) as alternative_count,
        max(asked_count) as asked_count,
        count(distinct code) filter (where part = 'counted') as counted,
        count(distinct code) filter (where part = 'not_of_all') as not_of_all,
        count(distinct code) filter (where part = 'constant') as constant,
        bool_or(synthetic) as synthetic
    from valued
    group by alternatives, system, year
),

defined as (
    select
        sets.*,
        weightings.weighting,
        coalesce(bool_and(weighted.weight is not null), false) as has_weights
    from sets
    cross join weightings
    left join weighted
        on
            sets.alternatives = weighted.alternatives
            and sets.system = weighted.system
            and sets.year = weighted.year
            and weightings.weighting = weighted.weighting
    group by
        sets.alternatives, sets.system, sets.year, sets.alternative_count, sets.asked_count, sets.counted,
        sets.not_of_all, sets.constant, sets.synthetic, weightings.weighting
),

subjects as (
    select distinct
        alternatives,
        system,
        year,
        'area' as subject_kind,
        area_code as subject,
        is_own,
        is_admitted
    from valued
    union all
    select distinct
        alternatives,
        system,
        year,
        'dimension' as subject_kind,
        dimension_code as subject,
        true as is_own,
        true as is_admitted
    from valued
    where is_own and part = 'counted'
),

scored as (
    select
        valued.alternatives,
        valued.system,
        valued.year,
        weighted.weighting,
        'area' as subject_kind,
        valued.area_code as subject,
        sum(weighted.weight * valued.normalised) as score,
        null::double precision as weight
    from valued
    inner join weighted
        on
            valued.alternatives = weighted.alternatives
            and valued.system = weighted.system
            and valued.year = weighted.year
            and valued.code = weighted.code
    where valued.part = 'counted' and weighted.weight is not null
    group by valued.alternatives, valued.system, valued.year, weighted.weighting, valued.area_code
    union all
    select
        valued.alternatives,
        valued.system,
        valued.year,
        weighted.weighting,
        'dimension' as subject_kind,
        valued.dimension_code as subject,
        -- A dimension to which a weighting gives nothing has no score under it.
        sum(weighted.weight * valued.normalised) / nullif(sum(weighted.weight), 0) as score,
        sum(weighted.weight) as weight
    from valued
    inner join weighted
        on
            valued.alternatives = weighted.alternatives
            and valued.system = weighted.system
            and valued.year = weighted.year
            and valued.code = weighted.code
    where valued.part = 'counted' and valued.is_own and weighted.weight is not null
    group by valued.alternatives, valued.system, valued.year, weighted.weighting, valued.dimension_code
),

ranked as (
    select
        subjects.*,
        defined.weighting,
        defined.has_weights,
        defined.alternative_count,
        defined.counted,
        defined.not_of_all,
        defined.constant,
        defined.asked_count,
        defined.synthetic,
        {{ settled('100 * scored.score') }} as score,
        {{ settled('scored.weight') }} as weight,
        case
            when scored.score is not null
                then rank() over (
                    partition by
                        subjects.alternatives, subjects.system, subjects.year, subjects.subject_kind, defined.weighting
                    order by {{ settled('100 * scored.score') }} desc nulls last
                )::integer
        end as rank,
        count(scored.score) over (
            partition by
                subjects.alternatives, subjects.system, subjects.year, subjects.subject_kind, defined.weighting
        )::integer as of_count
    from subjects
    inner join defined
        on
            subjects.alternatives = defined.alternatives
            and subjects.system = defined.system
            and subjects.year = defined.year
    left join scored
        on
            subjects.alternatives = scored.alternatives
            and subjects.system = scored.system
            and subjects.year = scored.year
            and subjects.subject_kind = scored.subject_kind
            and subjects.subject = scored.subject
            and defined.weighting = scored.weighting
),

swung as (
    select
        ranked.*,
        max(ranked.rank) filter (where ranked.weighting = 'equal') over per_subject as rank_equal,
        count(ranked.rank) over per_subject as ranked_times,
        max(ranked.rank) over per_subject - min(ranked.rank) over per_subject as swing
    from ranked
    window per_subject as (
        partition by ranked.alternatives, ranked.system, ranked.year, ranked.subject_kind, ranked.subject
    )
)

select
    swung.alternatives,
    case swung.alternatives when 'peer_cities' then '同类城市和本市' else '本市各县（市、区）' end as alternatives_zh,
    swung.system,
    swung.year,
    swung.weighting,
    {{ weighting_zh('swung.weighting') }} as weighting_zh,
    swung.subject_kind,
    swung.subject,
    case swung.subject_kind when 'area' then areas.name_zh else dimensions.name_zh end as subject_zh,
    swung.is_own,
    swung.score,
    swung.rank,
    swung.rank_equal,
    swung.rank_equal - swung.rank as rank_change,
    swung.weight,
    swung.of_count,
    -- With a weighting that does not exist nobody knows.
    case when swung.ranked_times = 3 then swung.swing <= {{ comparison_rule('robust_rank') }} end as robust,
    swung.counted::integer as criteria_count,
    case
        when not swung.is_admitted
            then
                '有值的指标少于本组可比指标（' || swung.asked_count || ' 项）的 '
                || {{ short_number("100 * " ~ comparison_rule('value_coverage')) }} || '%，不参加排名'
        when swung.alternative_count < 2 then '没有可以比较的对象，不排名'
        when swung.counted = 0 then '没有一项指标是各对象都有值而且有差异的，不排名'
        when not swung.has_weights and swung.counted = 1
            then '只有一项指标，' || {{ weighting_zh('swung.weighting') }} || '无法定权'
        when not swung.has_weights
            then '各项指标完全同步，' || {{ weighting_zh('swung.weighting') }} || '无法定权'
        when swung.score is null then '这一定权方法没有给本维度的指标权重，不排名'
        else
            '按各对象都有值的 ' || swung.counted || ' 项指标计算'
            || case when swung.not_of_all > 0 then '；' || swung.not_of_all || ' 项因有对象缺值未参加' else '' end
            || case when swung.constant > 0 then '；' || swung.constant || ' 项各对象相同，未参加' else '' end
            || case
                when swung.ranked_times < 3 then '；有定权方法不成立，无从判断排名是否稳定'
                when swung.swing <= {{ comparison_rule('robust_rank') }} then '；换权重后排名稳定'
                else '；换权重后排名相差 ' || swung.swing || ' 位，不能作为结论'
            end
    end as note_zh,
    swung.synthetic
from swung
left join areas on swung.subject_kind = 'area' and swung.subject = areas.code
left join dimensions on swung.subject_kind = 'dimension' and swung.subject = dimensions.code
