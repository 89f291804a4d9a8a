-- Grain: one paragraph of the self-check that counts for a department and dimension.
-- Of each department and dimension the report received last counts whole (tie: arrival_id); a report of one dimension
-- leaves the others as they were handed in before, a refused one leaves all of them.
with lines as (
    select * from {{ ref('stg_gate__self_check_lines') }}
    where verdict = 'accepted' and section is not null and dimension_code is not null and department_code is not null
),

reports as (
    select distinct on (system, year, department_code, dimension_code)
        system,
        year,
        department_code,
        dimension_code,
        batch_id
    from lines
    order by
        system asc, year asc, department_code asc, dimension_code asc,
        received_at desc, arrival_id desc, batch_id desc
)

select lines.*
from lines
inner join reports
    on
        lines.system = reports.system
        and lines.year = reports.year
        and lines.department_code = reports.department_code
        and lines.dimension_code = reports.dimension_code
        and lines.batch_id = reports.batch_id
