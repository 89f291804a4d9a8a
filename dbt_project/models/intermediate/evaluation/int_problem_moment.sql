-- Grain: one row: the moment up to which the city has been told anything, by a file or by a summary's cut-off.
-- The present state is dated by it, not by the clock: the same files give the same list, whenever it is built.
with runs as (
    select max(received_at) as received_at from {{ source('gate', 'current_run') }}
    where received_at <= {{ as_of() }}
),

periods as (
    select max(cutoff) as cutoff from {{ ref('int_problem_periods') }}
)

select coalesce(greatest(runs.received_at, periods.cutoff), {{ as_of() }}) as moment
from runs
cross join periods
