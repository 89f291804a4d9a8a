-- Grain: one indicator of one system and year: its scorecard as one JSON document, version 1.
with scorecard as (
    select * from {{ ref('indicator_scorecard') }}
),

areas as (
    select
        system,
        year,
        code,
        jsonb_agg(
            jsonb_build_object(
                'code', area_code,
                'name', area_zh,
                'level', area_level,
                'value', value,
                'state', state,
                'score', score
            )
            order by area_code
        ) as documents
    from {{ ref('indicator_value_by_area') }}
    where not is_headline
    group by system, year, code
),

documents as (
    select
        concat_ws('/', scorecard.system, scorecard.year, scorecard.code) as key,
        jsonb_build_object(
            'version', 1,
            'system', scorecard.system,
            'year', scorecard.year,
            'code', scorecard.code,
            'number', scorecard.no,
            'name', scorecard.name_zh,
            'status', scorecard.status,
            'category', scorecard.category,
            'dimension', jsonb_build_object('code', scorecard.dimension_code, 'name', scorecard.dimension_zh),
            'area', jsonb_build_object('code', scorecard.area_code, 'name', scorecard.area_zh),
            'unit', scorecard.unit,
            'direction', scorecard.direction,
            'state', scorecard.state,
            'state_text', scorecard.state_zh,
            'reason', scorecard.reason_zh,
            'value', scorecard.value,
            'previous_value', scorecard.previous_value,
            'target', scorecard.target_text,
            'score', scorecard.score,
            'grade', scorecard.grade_zh,
            'warning', scorecard.warning,
            'warning_text', scorecard.warning_zh,
            'warning_reason', scorecard.warning_reason_zh,
            'definition_basis', scorecard.definition_basis,
            'sources', scorecard.sources_zh,
            'marked', scorecard.marked,
            'synthetic', scorecard.synthetic,
            'areas', coalesce(areas.documents, '[]')
        ) as document
    from scorecard
    left join areas
        on scorecard.system = areas.system and scorecard.year = areas.year and scorecard.code = areas.code
)

{{ documents_since('documents') }}
