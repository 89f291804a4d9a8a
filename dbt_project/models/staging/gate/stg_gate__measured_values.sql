-- Grain: one measurement of one area and year, of the newest measuring of its arrival; with what was missing, if so.
with measured as (
    select * from {{ source('gate', 'current_measured_value') }}
)

select
    batch_id || ':' || line_no as line_key,
    arrival_id,
    feed as source_kind,
    measurement,
    method,
    method_version,
    parameters,
    item_text as item_code,
    area_text as area_code,
    period_text as period,
    value,
    unit,
    verdict,
    coalesce(marked, false) as marked,
    valid_share,
    cloud_share,
    min_valid_share,
    problem_zh,
    refused_features,
    devices,
    inputs,
    received_at
from measured
where received_at <= {{ as_of() }}
