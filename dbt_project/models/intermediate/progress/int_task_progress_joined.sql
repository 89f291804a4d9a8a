-- Grain: one department and one task that it answers for, in the period that is summarised.
-- With the line that counts, and that of the period before as it stands at this period's cut-off.
with owed as (
    select * from {{ ref('int_tasks_owed') }}
    where is_current
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
    where is_current
),

lines as (
    select
        *,
        {{ plain_text("concat_ws(' ', work_text, status_text, focus_text, problems_text, next_text)") }} as plain_texts
    from {{ ref('int_progress_lines_in_force') }}
    where is_current or is_previous
)

select
    owed.*,
    periods.edition,
    lines.line_key,
    coalesce(lines.fields_filled, 0) as fields_filled,
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
    coalesce(lines.synthetic, false) or coalesce(previous.synthetic, false) as synthetic,
    {{ says_problem('lines.problems_text') }} as has_problem,
    lines.plain_texts,
    previous.plain_texts as previous_plain_texts
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
        and previous.is_previous
