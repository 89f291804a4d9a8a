-- Grain: one rule of early warning, as known at the as-of moment.
with rules as (
    {{ latest_known('warning_rules', ['code']) }}
)

select
    rules.*,
    -- Times this a value grows as things grow worse.
    case rules.direction when 'above' then 1 else -1 end as worse,
    {{ longest_gap('rules.series') }} as longest_gap
from rules
