-- Grain: one package that went out and differs from those before, for one audience, system and year.
with packages as (
    select * from {{ source('ops', 'package') }}
)

select
    audience,
    case audience when 'ministry' then '住建部平台' when 'public' then '公众' when 'third_party' then '第三方' end as audience_zh,
    system,
    year,
    version,
    path,
    sha256,
    size_bytes,
    file_count,
    format_version,
    synthetic,
    data_as_of,
    made_at
from packages
