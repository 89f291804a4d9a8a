-- Grain: one department in one block of work, from the moment at which it became known (none: always known): all that
-- was ever known, since a period owes what was known at its own cut-off.
-- Read through jsonb, because a seed file may leave the columns out altogether.
with duties as (
    select
        duties.*,
        to_jsonb(duties) as columns
    from {{ ref('responsibilities') }} as duties
)

select
    block_code,
    department_code,
    role,
    basis,
    (columns ->> 'known_from')::date::timestamp at time zone 'Asia/Shanghai' as known_from,
    (columns ->> 'known_until')::date::timestamp at time zone 'Asia/Shanghai' as known_until
from duties
