-- Grain: one indicator value of one third party's file, with the verdict of the batch's latest gate run.
with lines as (
    select * from {{ source('gate', 'current_third_party_value') }}
)

select
    batch_id || ':' || line_no as line_key,
    arrival_id,
    batch_id,
    line_no,
    sender_text,
    system,
    year,
    indicator_code,
    area_code,
    period,
    period_start,
    period_end,
    value,
    unit,
    state,
    value_text,
    unit_text,
    definition_text,
    method_text,
    source_text,
    remarks_text,
    verdict,
    marked,
    filename,
    sha256,
    {{ is_synthetic('filename', "concat_ws(' ', source_text, remarks_text, sender_text)") }} as synthetic,
    sheet,
    cell,
    received_at
from lines
where received_at <= {{ as_of() }}
