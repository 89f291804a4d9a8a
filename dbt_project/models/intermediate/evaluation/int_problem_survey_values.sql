-- Grain: one question of a survey, all in all, in the city or an area of it, as the last wave stood at one moment: when
-- one of its files had been received. So what a correction changes is seen from then on, and nothing before it.
-- Of an area that is not the city the upper end of the interval counts: a few answers by chance make no problem.
with results as (
    select
        survey_result.*,
        max(survey_result.wave) over (
            order by survey_result.received_at rows between unbounded preceding and current row
        ) as last_wave
    from {{ source('ops', 'survey_result') }} as survey_result
    where survey_result.received_at <= {{ as_of() }}
),

estimates as (
    select * from {{ source('ops', 'survey_estimate') }}
    where subject_kind = 'question' and group_kind = 'all' and not suppressed and satisfaction is not null
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
    results.wave as seen_in,
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
    {{ is_synthetic('results.filenames', 'results.survey_zh') }} as synthetic
from estimates
inner join results on estimates.result_key = results.result_key and results.wave = results.last_wave
inner join areas on estimates.area_code = areas.code
left join examinations on left(results.wave, 4) = examinations.year::text
