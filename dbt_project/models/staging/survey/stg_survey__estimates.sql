-- Grain: one subject, area and group of a wave as it stood by the as-of moment; without numbers where it is suppressed.
with results as (
    select
        result_key,
        wave
    from {{ ref('stg_survey__results') }}
),

estimates as (
    select * from {{ source('ops', 'survey_estimate') }}
)

select
    results.wave,
    estimates.subject_kind,
    estimates.subject_code,
    estimates.subject_zh,
    estimates.dimension_code,
    estimates.indicator_code,
    estimates.area_code,
    estimates.group_kind,
    estimates.group_zh,
    estimates.answers,
    estimates.satisfaction,
    estimates.standard_error,
    estimates.ci_low,
    estimates.ci_high,
    estimates.design_effect,
    estimates.importance,
    estimates.importance_basis,
    estimates.suppressed,
    estimates.suppression_zh
from estimates
inner join results on estimates.result_key = results.result_key
