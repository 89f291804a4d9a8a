-- Suspicious: a decision of a meeting that names no difficulty on the list: perhaps a mistyped number (编号), or one that
-- was settled in an earlier period.
{{ config(
    severity='warn',
    tags=['summary', 'edition'],
    meta={
        'owner': 'city office',
        'category': 'difficulty',
        'description_zh': '会议决定中的难点编号不在清单上',
        'description_en': 'A decision names a difficulty that is not on the list',
        'what_to_do_zh': '对照 difficulty_list 核对编号，改正后重新报送会议题清单',
        'what_to_do_en': 'Compare the number with difficulty_list, mend it and hand the list in again',
    }
) }}

with periods as (
    select * from {{ ref('int_reporting_periods') }}
    where is_current
),

decisions as (
    select * from {{ ref('stg_gate__meeting_lines') }}
    where verdict = 'accepted'
),

difficulties as (
    select * from {{ ref('difficulty_list_editions') }}
    where period = '{{ var("period") }}' and edition = {{ var("edition") }}
)

select
    decisions.difficulty_id,
    decisions.decision,
    decisions.line_key
from decisions
inner join periods on decisions.received_at > periods.opens and decisions.received_at <= periods.cutoff
left join difficulties on decisions.difficulty_id = difficulties.difficulty_id
where difficulties.difficulty_id is null
