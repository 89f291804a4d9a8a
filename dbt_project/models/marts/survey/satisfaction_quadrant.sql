-- Grain: one question or dimension of a wave, in the whole city.
-- Importance-performance analysis: Martilla and James, Journal of Marketing 41 (1977) 77-79; the lines between the
-- quadrants are the means of what is compared, which is of one kind and of one basis of importance.
with placed as (
    select *
    from {{ ref('satisfaction_index') }}
    where importance is not null and satisfaction is not null and subject_kind in ('question', 'dimension')
),

compared as (
    select
        placed.*,
        avg(placed.importance) over (
            partition by placed.wave, placed.subject_kind, placed.importance_basis
        ) as importance_mean,
        avg(placed.satisfaction) over (
            partition by placed.wave, placed.subject_kind, placed.importance_basis
        ) as satisfaction_mean
    from placed
),

judged as (
    select
        compared.*,
        case
            when
                compared.importance >= compared.importance_mean
                and compared.satisfaction >= compared.satisfaction_mean
                then 'keep'
            when compared.importance >= compared.importance_mean then 'concentrate'
            when compared.satisfaction >= compared.satisfaction_mean then 'possible_overkill'
            else 'low_priority'
        end as quadrant
    from compared
)

select
    wave,
    survey_zh,
    subject_kind,
    subject_code,
    subject_zh,
    dimension_code,
    indicator_code,
    area_code,
    importance,
    satisfaction,
    importance_mean,
    satisfaction_mean,
    quadrant,
    {{ quadrant_zh('quadrant') }} as quadrant_zh,
    importance_basis,
    importance_basis_zh,
    answers,
    received_at,
    synthetic
from judged
