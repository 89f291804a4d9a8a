-- Grain: one paragraph of one self-check, with the verdict of the batch's latest gate run.
{{ config(materialized='ephemeral' if var('as_of_mode', false) else 'table') }}

with lines as (
    select * from {{ source('gate', 'current_self_check_line') }}
)

select
    batch_id || ':' || line_no as line_key,
    arrival_id,
    batch_id,
    line_no,
    system,
    year,
    department_code,
    dimension_code,
    section,
    paragraph_no,
    text,
    coalesce(filled, false) as filled,
    verdict,
    marked,
    sheet,
    cell,
    filename,
    sha256,
    {{ is_synthetic('filename', 'origin_text') }} as synthetic,
    received_at
from lines
where received_at <= {{ as_of() }}
