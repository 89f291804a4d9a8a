-- Grain: one department and one task that it answers for, in the period that is summarised.
-- Judged beside the period before: a percentage that fell without a reason, a text that was handed in again.
with themes as (
    select * from {{ ref('stg_catalogue__problem_themes') }}
),

rules as (
    select max(parameter) filter (where code = 'repeated_text') as repeated_from
    from {{ ref('stg_catalogue__gradings') }}
    where kind = 'progress'
),

-- Materialized, since the similarity is used twice and dear.
compared as materialized (
    select
        *,
        case
            when plain_texts = previous_plain_texts and plain_texts <> '' then 1.0
            else {{ settled(text_similarity('plain_texts', 'previous_plain_texts')) }}
        end as similarity
    from {{ ref('int_task_progress_joined') }}
)

select
    compared.*,
    coalesce(compared.percent < compared.previous_percent and {{ plain_text('compared.reason_text') }} = '', false)
        as fell_without_reason,
    coalesce(compared.similarity >= rules.repeated_from, false) as text_repeated,
    theme.code as problem_theme,
    theme.name_zh as problem_theme_zh
from compared
cross join rules
left join lateral (
    select
        themes.code,
        themes.name_zh
    from themes
    where compared.has_problem and {{ theme_fits('themes.keywords', 'compared.problems_text') }}
    order by themes.sort_order, themes.code
    limit 1
) as theme on true
