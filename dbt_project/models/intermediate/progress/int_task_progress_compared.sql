-- Grain: one department and one task that it answers for, in the period that is summarised.
-- Compared with the line of the period before, as that stands at this period's cut-off.
with owed as (
    select * from {{ ref('int_tasks_owed') }}
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
    where is_current
),

lines as (
    select * from {{ ref('int_progress_lines_in_force') }}
),

themes as (
    select * from {{ ref('stg_catalogue__problem_themes') }}
),

rules as (
    select max(parameter) filter (where code = 'repeated_text') as repeated_from
    from {{ ref('stg_catalogue__gradings') }}
    where kind = 'progress'
),

compared as (
    select
        owed.*,
        periods.period,
        periods.edition,
        lines.line_key,
        lines.percent,
        previous.percent as previous_percent,
        {{ settled('lines.percent - previous.percent') }} as percent_change,
        lines.work_text,
        lines.status_text,
        lines.focus_text,
        lines.problems_text,
        lines.next_text,
        lines.reason_text,
        lines.responsible_text,
        lines.report_date,
        lines.received_at,
        lines.filename,
        lines.sheet,
        lines.cell,
        lines.sha256,
        {{ says_problem('lines.problems_text') }} as has_problem,
        case
            when lines.plain_texts = previous.plain_texts and previous.plain_texts <> '' then 1.0
            else {{ settled(text_similarity('lines.plain_texts', 'previous.plain_texts')) }}
        end as similarity
    from owed
    cross join periods
    left join lines
        on
            owed.department_code = lines.department_code
            and owed.task_code = lines.task_code
            and lines.is_current
    left join lines as previous
        on
            owed.department_code = previous.department_code
            and owed.task_code = previous.task_code
            and not previous.is_current
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
