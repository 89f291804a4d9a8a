-- Grain: one line (or none: the whole batch) failing one rule, in the batch's latest gate run.
with failing_rows as (
    select * from {{ source('gate', 'current_failing_row') }}
),

runs as (
    select
        gate_run_id,
        department_text,
        filename,
        receipt_path
    from {{ source('gate', 'current_run') }}
)

select
    failing_rows.batch_id,
    failing_rows.rule_code,
    failing_rows.severity,
    failing_rows.scope,
    failing_rows.line_no,
    case when failing_rows.line_no >= 0 then failing_rows.batch_id || ':' || failing_rows.line_no end as line_key,
    failing_rows.feed,
    failing_rows.department_code,
    runs.department_text,
    failing_rows.item_code,
    failing_rows.area_code,
    failing_rows.period,
    failing_rows.value_text,
    failing_rows.reason_zh,
    failing_rows.advice_zh,
    runs.filename,
    failing_rows.sheet,
    failing_rows.cell,
    runs.receipt_path,
    failing_rows.received_at
from failing_rows
inner join runs on failing_rows.gate_run_id = runs.gate_run_id
where failing_rows.received_at <= {{ as_of() }}
