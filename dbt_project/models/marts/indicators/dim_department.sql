-- Grain: one department.
with departments as (
    select * from {{ ref('stg_catalogue__departments') }}
)

select
    code as department_code,
    name_zh,
    name_en,
    role,
    case role when 'lead' then '牵头单位' when 'office' then '领导小组办公室' else '报送单位' end as role_zh,
    basis
from departments
