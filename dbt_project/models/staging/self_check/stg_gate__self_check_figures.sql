-- Grain: one figure that a paragraph of a self-check quotes of an indicator or an item.
{{ config(materialized='ephemeral' if var('as_of_mode', false) else 'table') }}

with figures as (
    select * from {{ source('gate', 'current_self_check_figure') }}
)

select
    batch_id || ':' || line_no || ':' || figure_no as figure_key,
    batch_id || ':' || line_no as line_key,
    figure_no,
    indicator_code,
    item_code,
    area_code,
    name_text,
    value_text,
    value,
    unit,
    step,
    bound,
    about,
    about_zh,
    sentence
from figures
where received_at <= {{ as_of() }}
