-- Grain: one name of a unit (its own, or an alias), as known at the as-of moment.
with known as (
    {{ latest_known('units', ['unit']) }}
)

select distinct
    known.unit,
    lower({{ plain_unit('names.name') }}) as name
from known
cross join lateral unnest(array_append(string_to_array(known.aliases, ';'), known.unit)) as names (name)
where names.name is not null
