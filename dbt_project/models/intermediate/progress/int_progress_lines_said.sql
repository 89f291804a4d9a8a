-- Grain: one accepted line that says something: a line all of whose texts are empty or 「无」, without a percentage, is no
-- report. The cheap questions come first.
select *
from {{ ref('stg_gate__progress_lines') }}
where
    verdict = 'accepted'
    and (
        percent is not null
        or {{ says_something('work_text') }}
        or {{ says_something('status_text') }}
        or {{ says_something('focus_text') }}
        or {{ says_something('problems_text') }}
        or {{ says_something('next_text') }}
    )
