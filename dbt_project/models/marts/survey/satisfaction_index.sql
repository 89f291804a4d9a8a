-- Grain: one wave, subject (all in all, a dimension, a question), area and group.
with estimates as (
    select * from {{ ref('stg_survey__estimates') }}
),

results as (
    select * from {{ ref('stg_survey__results') }}
),

areas as (
    {{ current_areas() }}
)

select
    estimates.wave,
    results.survey_zh,
    estimates.subject_kind,
    estimates.subject_code,
    estimates.subject_zh,
    estimates.dimension_code,
    estimates.indicator_code,
    estimates.area_code,
    areas.name_zh as area_zh,
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
    {{ importance_basis_zh('estimates.importance_basis') }} as importance_basis_zh,
    estimates.suppressed,
    estimates.suppression_zh,
    results.method_zh,
    results.fielded_from,
    results.fielded_to,
    results.received_at,
    results.filename,
    results.sha256,
    results.synthetic
from estimates
inner join results on estimates.wave = results.wave
left join areas on estimates.area_code = areas.code
