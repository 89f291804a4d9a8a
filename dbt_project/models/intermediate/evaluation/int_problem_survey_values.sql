-- Grain: one question of one wave of a survey, all in all, in the city or an area of it: how satisfied residents are.
-- Of an area that is not the city the upper end of the interval counts: a few answers by chance make no problem.
with estimates as (
    select * from {{ ref('stg_survey__estimates') }}
    where subject_kind = 'question' and group_kind = 'all' and not suppressed and satisfaction is not null
),

results as (
    select * from {{ ref('stg_survey__results') }}
),

examinations as (
    select
        year,
        min(system) as system
    from {{ ref('stg_catalogue__examinations') }}
    group by year
),

areas as (
    {{ current_areas() }}
)

select
    'survey' as source,
    'SV-' || estimates.subject_code
    || case when areas.level = 'city' then '' else '@' || estimates.area_code end as problem_id,
    results.received_at as at,
    estimates.wave as seen_in,
    examinations.system,
    examinations.year,
    estimates.subject_zh,
    estimates.dimension_code,
    estimates.indicator_code,
    estimates.area_code,
    areas.level = 'city' as is_headline,
    estimates.satisfaction as value,
    case when areas.level = 'city' then estimates.satisfaction else estimates.ci_high end as points,
    null::double precision as worse_share,
    null::text as category,
    estimates.answers,
    results.filename,
    results.synthetic
from estimates
inner join results on estimates.wave = results.wave
inner join areas on estimates.area_code = areas.code
left join examinations on left(estimates.wave, 4) = examinations.year::text
