-- Grain: one figure that a self-check quotes and that contradicts the accepted value.
with figures as (
    select * from {{ ref('self_check_figure') }}
)

select
    figure_key,
    system,
    year,
    department_code,
    department_zh,
    dimension_code,
    dimension_zh,
    section,
    section_zh,
    sentence,
    indicator_code,
    item_code,
    name_zh,
    area_code,
    area_zh,
    value_text,
    quoted_value,
    quoted_unit,
    accepted_value,
    unit,
    difference,
    tolerance,
    note_zh,
    filename,
    sheet,
    cell,
    sha256,
    received_at,
    synthetic
from figures
where judgement = 'contradicts'
