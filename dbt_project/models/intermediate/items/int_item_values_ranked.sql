-- Grain: one value in force. source_rank 1 is the one that the catalogue's priority of sources picks per item, area and
-- period; all others stay visible.
with in_force as (
    select * from {{ ref('int_item_values_superseded') }}
    where standing = 'in_force'
),

priorities as (
    select * from {{ ref('stg_catalogue__source_priorities') }}
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

-- A source kind that the catalogue does not rank comes after all that it does.
prioritised as (
    select
        in_force.*,
        coalesce(of_item.priority, of_all.priority, 1000) as source_priority,
        coalesce(in_force.department_code = items.department_code, false) as from_owner
    from in_force
    left join items on in_force.item_code = items.code
    left join priorities as of_item
        on in_force.item_code = of_item.item_code and in_force.source_kind = of_item.source_kind
    left join priorities as of_all
        on of_all.item_code = '*' and in_force.source_kind = of_all.source_kind
)

select
    *,
    row_number() over (
        partition by item_code, area_code, period
        order by source_priority, from_owner desc, received_at desc, arrival_id desc, batch_id desc, line_no desc
    ) as source_rank,
    count(*) over (partition by item_code, area_code, period) as source_count
from prioritised
