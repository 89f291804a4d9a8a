-- Grain: one dimension of a wave, beside its score in an examination of the year (or the last one before it).
with areas as (
    {{ current_areas() }}
),

whole_city as (
    select
        satisfaction_index.wave,
        satisfaction_index.dimension_code,
        satisfaction_index.satisfaction,
        satisfaction_index.suppressed,
        satisfaction_index.synthetic
    from {{ ref('satisfaction_index') }} as satisfaction_index
    inner join areas on satisfaction_index.area_code = areas.code
    where
        satisfaction_index.subject_kind = 'dimension'
        and satisfaction_index.group_kind = 'all'
        and areas.level = 'city'
),

examinations as (
    select
        waves.wave,
        examinations.system,
        examinations.year,
        rank() over (
            partition by waves.wave
            order by examinations.year <= left(waves.wave, 4)::integer desc, examinations.year desc
        ) as place
    from (select distinct wave from whole_city) as waves
    cross join {{ ref('stg_catalogue__examinations') }} as examinations
),

rules as (
    select parameter as threshold
    from {{ ref('stg_catalogue__gradings') }}
    where kind = 'comparison' and code = 'perception_mismatch'
),

compared as (
    select
        whole_city.wave,
        examinations.system,
        examinations.year,
        whole_city.dimension_code,
        scorecard.dimension_zh,
        scorecard.sort_order,
        scorecard.score as objective_score,
        whole_city.satisfaction,
        scorecard.scored_count,
        scorecard.score_basis_zh,
        scorecard.score - whole_city.satisfaction as difference,
        whole_city.suppressed,
        whole_city.synthetic,
        rules.threshold
    from whole_city
    inner join examinations on whole_city.wave = examinations.wave and examinations.place = 1
    inner join {{ ref('dimension_scorecard') }} as scorecard
        on
            examinations.system = scorecard.system
            and examinations.year = scorecard.year
            and whole_city.dimension_code = scorecard.dimension_code
    -- Where the catalogue has no such rule, nothing is judged.
    left join rules on true
),

judged as (
    select
        compared.*,
        case
            when compared.difference is null or compared.threshold is null then 'not_judged'
            when compared.difference > compared.threshold then 'objective_higher'
            when compared.difference < -compared.threshold then 'subjective_higher'
            else 'match'
        end as match
    from compared
)

select
    wave,
    system,
    year,
    dimension_code,
    dimension_zh,
    sort_order,
    objective_score,
    satisfaction,
    scored_count,
    difference,
    match,
    {{ perception_match_zh('match') }} as match_zh,
    case
        when threshold is null then '未规定相差多少为不一致（grading.csv）'
        when suppressed then '满意度不公布'
        when satisfaction is null then '没有满意度'
        when objective_score is null then score_basis_zh
        else
            '客观得分 ' || {{ number_text('round(objective_score::numeric, 1)') }} || '（' || score_basis_zh
            || '），满意度 ' || {{ number_text('round(satisfaction::numeric, 1)') }}
            || '，相差 ' || {{ number_text('round(abs(difference)::numeric, 1)') }} || ' 分，'
            || case when match = 'match' then '不超过 ' else '超过 ' end
            || {{ number_text('threshold') }} || ' 分'
    end as reason_zh,
    synthetic
from judged
