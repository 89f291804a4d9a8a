-- Grain: one line of one batch, with the verdict of the batch's latest gate run.
-- Every feed of values ends in this one shape, so a new feed needs no model.
with lines as (
    select * from {{ source('gate', 'current_item_value') }}
)

select
    batch_id || ':' || line_no as line_key,
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
    extract(year from period_end)::integer as data_year,
    value,
    unit,
    state,
    verdict,
    marked,
    value_text,
    unit_text,
    source_text,
    method_text,
    remarks_text,
    attachment_text,
    filename,
    sha256,
    {{ is_synthetic('filename', 'source_text') }} as synthetic,
    sheet,
    cell,
    received_at
from lines
where received_at <= {{ as_of() }}
