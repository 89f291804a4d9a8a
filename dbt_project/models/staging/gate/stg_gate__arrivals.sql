-- Grain: one receipt of a file, received by the as-of moment.
select
    arrival_id,
    feed,
    filename,
    sha256,
    size_bytes,
    received_at,
    attachments
from {{ source('raw', 'arrival') }}
where received_at <= {{ as_of() }}
