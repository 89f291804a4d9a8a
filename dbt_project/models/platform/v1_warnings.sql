-- Grain: one warning of one rule and subject: as one JSON document, version 1. A view: warnings change every hour.
with warnings as (
    select * from {{ ref('indicator_warning') }}
)

select
    warning_id as key,
    greatest(level_since, cleared_at) as updated_at,
    jsonb_build_object(
        'version', 1,
        'id', warning_id,
        'rule', rule_code,
        'rule_text', rule_zh,
        'kind', kind,
        'indicator', indicator_code,
        'subject_kind', subject_kind,
        'subject', subject,
        'subject_text', subject_zh,
        'level', level,
        'level_text', level_zh,
        'worst_level', worst_level,
        'raised_at', raised_at,
        'level_since', level_since,
        'cleared_at', cleared_at,
        'value_at_raise', value_at_raise,
        'limit', limit_reached,
        'unit', unit,
        'reason', reason_zh,
        'advice', advice_zh,
        'department', department_code,
        'department_text', department_zh
    ) as document
from warnings
