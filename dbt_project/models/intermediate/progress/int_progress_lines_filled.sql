-- Grain: one accepted line that says something, with how many of its six fields are filled (five texts, a percentage).
-- 「无」 fills 存在的问题 only; what is finished needs no next step. A line that says nothing at all is no report.
with lines as (
    select
        *,
        {{ says_something('work_text') }}::integer
        + {{ says_something('status_text') }}::integer
        + {{ says_something('focus_text') }}::integer as statements,
        {{ says_something('next_text') }} as says_next,
        {{ says_something('problems_text') }} as says_problem
    from {{ ref('stg_gate__progress_lines') }}
    where verdict = 'accepted'
)

select
    *,
    statements
    + (says_next or coalesce(percent >= 100, false))::integer
    + (says_problem or {{ plain_text('problems_text') }} <> '')::integer
    + (percent is not null)::integer as fields_filled
from lines
where statements > 0 or says_next or says_problem or percent is not null
