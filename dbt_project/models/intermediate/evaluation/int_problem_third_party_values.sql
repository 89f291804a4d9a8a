-- Grain: one value of an indicator that a third party handed in, scored by the city's target: of the examined year, in
-- the headline area or one below it, and not by another definition as far as the texts tell. Who goes over to another
-- definition takes back what he said before (`no_longer_zh`).
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
        {{ problem_id(
            'lines.indicator_code', 'lines.area_code',
            'lines.area_code = coalesce(indicators.area_code, examinations.default_area_code)'
        ) }} as problem_id,
        coalesce(lines.sender_text, '第三方') as sender_zh,
        {{ plain_text('lines.definition_text') }} = ''
        or {{ plain_text('indicators.definition_zh') }} = ''
        or lower({{ plain_text('lines.definition_text') }}) = lower({{ plain_text('indicators.definition_zh') }})
            as is_same_definition,
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
    placed.problem_id,
    placed.received_at as at,
    placed.sender_zh as seen_in,
    placed.system,
    placed.year,
    placed.indicator_code,
    placed.area_code,
    placed.value,
    case when placed.is_same_definition then placed.score end as score,
    placed.category,
    placed.target_text,
    placed.filename,
    placed.sheet,
    placed.cell,
    placed.synthetic,
    case when not placed.is_same_definition then '第三方改用其他口径，不再据以认定' end as no_longer_zh
from placed
left join areas_below
    on placed.headline_area_code = areas_below.ancestor_code and placed.area_code = areas_below.code
where
    (placed.area_code = placed.headline_area_code or areas_below.code is not null)
    and (
        placed.is_same_definition
        or placed.sender_zh = (
            select earlier.sender_zh from placed as earlier
            where
                earlier.problem_id = placed.problem_id
                and earlier.is_same_definition
                and earlier.received_at < placed.received_at
            order by earlier.received_at desc, earlier.sender_zh asc
            limit 1
        )
    )
