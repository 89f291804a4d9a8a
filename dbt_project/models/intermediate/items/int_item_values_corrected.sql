-- Grain: one accepted line that says something: a value, 不适用 or 撤回. A blank withdraws nothing and stays out.
-- A correction is applied only to the very value it expects; the value handed in stays visible as original_value.
with lines as (
    select * from {{ ref('stg_gate__item_values') }}
    where verdict = 'accepted' and state <> 'blank'
),

corrections as (
    select * from {{ ref('stg_catalogue__corrections') }}
),

matched as (
    select
        lines.*,
        corrections.expected_value,
        corrections.action as declared_action,
        corrections.corrected_value,
        corrections.reason_zh as correction_reason_zh,
        corrections.provider as correction_provider,
        case
            when lines.state = 'value' and {{ same_number('lines.value', 'corrections.expected_value') }}
                then corrections.action
        end as correction_action
    from lines
    left join corrections
        on
            coalesce(lines.department_code, '') = coalesce(corrections.department_code, '')
            and lines.item_code = corrections.item_code
            and lines.area_code = corrections.area_code
            and lines.period = corrections.period
)

select
    line_key,
    arrival_id,
    batch_id,
    line_no,
    feed,
    source_kind,
    department_code,
    item_code,
    area_code,
    period,
    period_start,
    period_end,
    data_year,
    value as original_value,
    case correction_action
        when 'replace' then corrected_value
        when 'exclude' then null
        else value
    end as value,
    unit,
    case when correction_action = 'exclude' then 'excluded' else state end as state,
    marked,
    synthetic,
    remarks_text,
    received_at,
    declared_action is not null as correction_declared,
    expected_value as correction_expected_value,
    correction_action,
    case when correction_action is not null then correction_reason_zh end as correction_reason_zh,
    case when correction_action is not null then correction_provider end as correction_provider
from matched
