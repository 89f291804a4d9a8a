-- Grain: one indicator of one system and year, examined or only listed.
-- The key of an indicator is (system, year, code): a code alone means nothing across systems.
with indicators as (
    select * from {{ ref('stg_catalogue__system_indicators') }}
),

dimensions as (
    {{ latest_known('dimensions', ['code']) }}
),

parts as (
    select * from {{ ref('stg_catalogue__systems') }}
),

examinations as (
    select * from {{ ref('stg_catalogue__examinations') }}
)

select
    indicators.system,
    indicators.year,
    indicators.code,
    indicators.no,
    indicators.dimension_code,
    dimensions.name_zh as dimension_zh,
    dimensions.kind as dimension_kind,
    parts.indicator_count as part_count,
    parts.basis as part_basis,
    indicators.name_zh,
    indicators.name_en,
    indicators.status,
    {{ status_zh('indicators.status') }} as status_zh,
    indicators.name_basis is not null as name_known,
    indicators.definition_basis is not null as definition_known,
    indicators.name_basis,
    indicators.definition_basis,
    to_jsonb(indicators) ->> 'basis' as basis,
    examinations.year is not null and indicators.status <> 'listed' as examined,
    indicators.notes,
    indicators.source
from indicators
left join dimensions on indicators.dimension_code = dimensions.code
left join parts
    on
        indicators.system = parts.system
        and indicators.year = parts.year
        and indicators.dimension_code = parts.dimension_code
left join examinations on indicators.system = examinations.system and indicators.year = examinations.year
