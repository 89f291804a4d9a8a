-- Grain: one dimension, as known at the as-of moment. A level counts once a system that is made of it is examined.
with dimensions as (
    {{ latest_known('dimensions', ['code']) }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
)

select dimensions.*
from dimensions
where dimensions.kind <> 'level' or dimensions.code in (select indicators.dimension_code from indicators)
