-- Grain: one step of one version of the city's report to its next state.
with sign_offs as (
    select * from {{ source('ops', 'examination_sign_off') }}
)

select
    system,
    year,
    version,
    state,
    {{ report_state_zh('state') }} as state_zh,
    signed_by,
    signed_at,
    note,
    signed_sha256,
    recorded_at
from sign_offs
