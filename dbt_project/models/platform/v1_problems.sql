-- Grain: one problem of the city, open or closed: as one JSON document with how far its measures are, version 1.
with problems as (
    select * from {{ ref('problem_list') }}
),

documents as (
    select
        problem_id as key,
        jsonb_build_object(
            'version', 1,
            'id', problem_id,
            'kind', kind,
            'name', name_zh,
            'system', system,
            'year', year,
            'indicator', indicator_code,
            'dimension', jsonb_build_object('code', dimension_code, 'name', dimension_zh),
            'area', jsonb_build_object('code', area_code, 'name', area_zh),
            'severity', severity,
            'severity_text', severity_zh,
            'status', status,
            'status_text', status_zh,
            'opened_on', opened_on,
            'closed_on', closed_on,
            'reopened', reopened_count,
            'merged_into', merged_into,
            'value', value,
            'unit', unit,
            'target', target_text,
            'evidence', evidence_zh,
            'owner', owner_zh,
            'measures', measure_count,
            'measures_done', measures_done,
            'overdue', overdue,
            'synthetic', synthetic
        ) as document
    from problems
)

{{ documents_since('documents') }}
