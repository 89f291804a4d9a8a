-- Grain: one rendering of one document of one edition of one reporting period.
with documents as (
    select * from {{ source('ops', 'document') }}
)

select
    period,
    edition,
    kind,
    path,
    sha256,
    size_bytes,
    rendered_at
from documents
