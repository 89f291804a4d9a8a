-- Grain: one rule of problems, in one version and the time in which it counted: what was found then stays found by it.
-- Read through jsonb, because a seed file may leave the columns out altogether.
with rules as (
    select
        rules.*,
        coalesce((to_jsonb(rules) ->> 'known_from')::date::timestamp at time zone 'Asia/Shanghai', '-infinity')
            as counts_from,
        coalesce((to_jsonb(rules) ->> 'known_until')::date::timestamp at time zone 'Asia/Shanghai', 'infinity')
            as counts_until
    from {{ ref('problem_rules') }} as rules
)

select
    code,
    name_zh,
    source,
    condition,
    threshold,
    severity,
    case severity when 'high' then 1 when 'medium' then 2 else 3 end as severity_rank,
    sort_order,
    description_zh,
    counts_from as known_from,
    least(
        counts_until, coalesce(lead(counts_from) over (partition by code order by counts_from), 'infinity')
    ) as known_until
from rules
where counts_from <= {{ as_of() }}
