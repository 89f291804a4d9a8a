-- Grain: one value of an indicator that a third party handed in, scored by the city's target: of the examined year, in
-- the headline area or one below it, and not by another definition as far as the texts tell.
with lines as (
    select * from {{ ref('stg_gate__third_party_values') }}
    where verdict = 'accepted' and state = 'value' and value is not null
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
    where status <> 'dropped'
),

examinations as (
    select * from {{ ref('stg_catalogue__examinations') }}
),

targets as (
    select * from {{ ref('stg_catalogue__targets') }}
    where kind = 'target'
),

areas_below as (
    select distinct
        ancestor_code,
        code
    from ({{ area_descendants(ref('stg_catalogue__areas')) }}) as descendants
),

placed as (
    select
        lines.*,
        indicators.category,
        indicators.definition_zh,
        coalesce(indicators.area_code, examinations.default_area_code) as headline_area_code,
        {{ target_text('targets') }} as target_text,
        {{ settled(score('lines.value', 'targets.operator', 'targets.value', 'targets.value_high')) }} as score
    from lines
    inner join examinations
        on
            lines.system = examinations.system
            and lines.year = examinations.year
            and lines.period_start >= examinations.period_start
            and lines.period_end <= examinations.period_end
    inner join indicators
        on lines.system = indicators.system and lines.year = indicators.year and lines.indicator_code = indicators.code
    inner join targets
        on lines.system = targets.system and lines.year = targets.year and lines.indicator_code = targets.code
)

select
    'third_party' as source,
    {{ problem_id('placed.indicator_code', 'placed.area_code', 'placed.area_code = placed.headline_area_code') }}
        as problem_id,
    placed.received_at as at,
    coalesce(placed.sender_text, '第三方') as seen_in,
    placed.system,
    placed.year,
    placed.indicator_code,
    placed.area_code,
    placed.value,
    placed.score,
    placed.category,
    placed.target_text,
    placed.filename,
    placed.sheet,
    placed.cell,
    placed.synthetic
from placed
left join areas_below
    on placed.headline_area_code = areas_below.ancestor_code and placed.area_code = areas_below.code
where
    (placed.area_code = placed.headline_area_code or areas_below.code is not null)
    and (
        {{ plain_text('placed.definition_text') }} = ''
        or {{ plain_text('placed.definition_zh') }} = ''
        or lower({{ plain_text('placed.definition_text') }}) = lower({{ plain_text('placed.definition_zh') }})
    )
