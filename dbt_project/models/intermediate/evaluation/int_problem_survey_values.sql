-- Grain: one question of a survey, all in all, in the city or an area of it, as the last wave that asks it stood at one
-- moment: when one of its files had been received. So what a correction changes is seen from then on only.
-- Of an area that is not the city the upper end of the interval counts: a few answers by chance make no problem.
-- `is_shown`: it is what satisfaction_index shows of the wave. Earlier states are judged, but none of their numbers may
-- be shown: two states that differ by one person's file would give away that person's answer.
with results as (
    select
        survey_result.*,
        survey_result.received_at = max(survey_result.received_at) over (partition by survey_result.wave) as is_shown
    from {{ source('ops', 'survey_result') }} as survey_result
    where survey_result.received_at <= {{ as_of() }}
),

estimates as (
    select
        survey_estimate.*,
        results.wave,
        results.received_at,
        results.survey_zh,
        results.filename,
        results.filenames,
        results.is_shown,
        {{ question_id('results.survey_zh', 'survey_estimate.subject_code', 'survey_estimate.subject_zh') }}
            as question_id
    from {{ source('ops', 'survey_estimate') }} as survey_estimate
    inner join results on survey_estimate.result_key = results.result_key
    where survey_estimate.subject_kind = 'question' and survey_estimate.group_kind = 'all'
),

-- A wave comes after another one of the same survey only.
asked as (
    select
        estimates.*,
        max(estimates.wave) over (partition by estimates.question_id order by estimates.received_at) as last_wave
    from estimates
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
    asked.question_id || case when areas.level = 'city' then '' else '@' || asked.area_code end as problem_id,
    asked.received_at as at,
    asked.wave as seen_in,
    asked.survey_zh,
    examinations.system,
    examinations.year,
    asked.subject_code,
    asked.subject_zh,
    asked.dimension_code,
    asked.indicator_code,
    asked.area_code,
    areas.level = 'city' as is_headline,
    asked.satisfaction as value,
    case when areas.level = 'city' then asked.satisfaction else asked.ci_high end as points,
    case when areas.level <> 'city' then asked.ci_high end as upper,
    null::double precision as worse_share,
    null::text as category,
    asked.answers,
    asked.filename,
    asked.is_shown,
    {{ is_synthetic('asked.filenames', 'asked.survey_zh') }} as synthetic
from asked
inner join areas on asked.area_code = areas.code
left join examinations on left(asked.wave, 4) = examinations.year::text
where asked.wave = asked.last_wave and not asked.suppressed and asked.satisfaction is not null
