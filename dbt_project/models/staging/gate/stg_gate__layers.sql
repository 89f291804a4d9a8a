-- Grain: one layer of one kind and date of one arrival of layers, received by the as-of moment.
with features as (
    select * from {{ source('gate', 'current_layer_feature') }}
    where kind is not null and valid_on is not null and received_at <= {{ as_of() }}
)

select
    arrival_id,
    kind,
    valid_on,
    received_at,
    min(filename) as filename,
    count(*) filter (where verdict = 'accepted') as accepted_features,
    count(*) filter (where verdict = 'refused') as refused_features
from features
group by arrival_id, kind, valid_on, received_at
having count(*) filter (where verdict = 'accepted') > 0
