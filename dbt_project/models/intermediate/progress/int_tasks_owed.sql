-- Grain: one department and one task that it answers for.
with responsibilities as (
    select * from {{ ref('stg_catalogue__responsibilities') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
),

work_blocks as (
    select * from {{ ref('stg_catalogue__work_blocks') }}
)

select
    responsibilities.department_code,
    departments.name_zh as department_zh,
    departments.role as department_role,
    responsibilities.block_code as task_code,
    work_blocks.name_zh as task_zh,
    work_blocks.sort_order as task_order,
    responsibilities.role
from responsibilities
inner join departments on responsibilities.department_code = departments.code
inner join work_blocks on responsibilities.block_code = work_blocks.code
