-- Grain: one indicator of one system and year, in its headline area: the scorecard, of today or as of a period.
-- Dropped 特色指标 are left out, proposed ones shown.
with scored as (
    select * from {{ ref('int_indicator_values_scored') }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

dimensions as (
    select * from {{ ref('stg_catalogue__dimensions') }}
),

targets as (
    select * from {{ ref('stg_catalogue__targets') }}
    where kind = 'target'
),

published_references as (
    select * from {{ ref('stg_catalogue__targets') }}
    where kind = 'reference'
),

areas as (
    {{ current_areas() }}
),

area_counts as (
    select
        system,
        year,
        code,
        count(*) filter (where not is_headline and value is not null) as other_area_count,
        -- Once known, always known: the list of problems looks back at what each edition said of every area.
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'area_code', area_code, 'value', value, 'previous_value', previous_value, 'score', score,
                    'synthetic', synthetic
                )
                order by area_code
            ) filter (
                where not is_headline and value is not null and (score is not null or previous_value is not null)
            ),
            '[]'
        )::text as other_areas
    from scored
    group by system, year, code
),

-- Where the numbers come from that the value rests on: departments, layers, imagery …
origins as (
    select
        components.system,
        components.year,
        components.code,
        components.area_code,
        string_agg(distinct {{ source_kind_zh('kinds.kind') }}, '、') as sources_zh
    from {{ ref('int_indicator_components') }} as components
    cross join lateral unnest(string_to_array(components.source_kinds, ',')) as kinds (kind)
    where components.is_headline and components.years_back = 0 and not components.is_for_comparison
    group by components.system, components.year, components.code, components.area_code
)

select
    scored.system,
    scored.year,
    scored.code,
    indicators.no,
    indicators.name_zh,
    indicators.name_en,
    indicators.dimension_code,
    dimensions.name_zh as dimension_zh,
    dimensions.name_en as dimension_en,
    indicators.unit,
    indicators.direction,
    indicators.category,
    indicators.status,
    {{ status_zh('indicators.status') }} as status_zh,
    indicators.lead_department,
    scored.area_code,
    areas.name_zh as area_zh,
    scored.value,
    scored.numerator,
    scored.denominator,
    scored.reported_value,
    scored.previous_value,
    scored.state,
    {{ state_zh('scored.state') }} as state_zh,
    {{ state_order('scored.state') }} as state_order,
    scored.reason_zh,
    scored.marked,
    scored.synthetic,
    scored.later_refused,
    {{ target_text('targets') }} as target_text,
    targets.operator as target_operator,
    targets.value as target_value,
    targets.value_high as target_value_high,
    targets.source as target_source,
    targets.basis as target_basis,
    {{ target_text('published_references') }} as reference_text,
    published_references.source as reference_source,
    scored.score,
    scored.grade,
    scored.grade_zh,
    scored.warning,
    {{ warning_zh('scored.warning') }} as warning_zh,
    scored.warning_reason_zh,
    indicators.definition_basis,
    area_counts.other_area_count,
    coalesce(area_counts.other_areas, '[]') as other_areas,
    origins.sources_zh
from scored
inner join indicators
    on scored.system = indicators.system and scored.year = indicators.year and scored.code = indicators.code
left join dimensions on indicators.dimension_code = dimensions.code
left join targets
    on scored.system = targets.system and scored.year = targets.year and scored.code = targets.code
left join published_references
    on
        scored.system = published_references.system
        and scored.year = published_references.year
        and scored.code = published_references.code
left join areas on scored.area_code = areas.code
left join area_counts
    on scored.system = area_counts.system and scored.year = area_counts.year and scored.code = area_counts.code
left join origins
    on
        scored.system = origins.system
        and scored.year = origins.year
        and scored.code = origins.code
        and scored.area_code = origins.area_code
        and scored.value is not null
where scored.is_headline
