-- Grain: one item.
with items as (
    select * from {{ ref('stg_catalogue__items') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
)

select
    items.code as item_code,
    items.name_zh,
    items.name_en,
    items.definition_zh,
    items.unit,
    items.role,
    items.reported_of as indicator_code,
    items.department_code,
    departments.name_zh as department_zh,
    items.feed,
    items.area_scope,
    items.aggregation,
    items.period_kind,
    items.tolerance,
    items.basis,
    items.notes
from items
left join departments on items.department_code = departments.code
