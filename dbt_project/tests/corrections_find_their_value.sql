-- A correction that no line answers to, although its department has handed in something: perhaps a mistyped key.
{{ config(
    severity='warn',
    meta={
        'owner': 'city office',
        'category': 'correction',
        'description_zh': '勘误没有对应的填报值，可能写错了单位、数据项、区域或时间',
        'description_en': 'A correction finds no value to correct; its department, item, area or period may be mistyped',
        'what_to_do_zh': '核对 corrections.csv 中该行的四个关键字段',
        'what_to_do_en': 'Check the four key columns of the row in corrections.csv',
    }
) }}

with corrections as (
    select * from {{ ref('stg_catalogue__corrections') }}
),

lines as (
    select * from {{ ref('int_item_values_superseded') }}
)

select
    corrections.department_code,
    corrections.item_code,
    corrections.area_code,
    corrections.period
from corrections
where
    exists (
        select 1 from lines
        where coalesce(lines.department_code, '') = coalesce(corrections.department_code, '')
    )
    and not exists (
        select 1 from lines
        where
            coalesce(lines.department_code, '') = coalesce(corrections.department_code, '')
            and lines.item_code = corrections.item_code
            and lines.area_code = corrections.area_code
            and lines.period = corrections.period
    )
