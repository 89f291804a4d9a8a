-- Grain: one edition of one reporting period × one task.
with progress as (
    select * from {{ ref('int_task_progress_joined') }}
)

select
    period,
    edition,
    task_code,
    task_zh,
    task_order,
    string_agg(department_zh, '、' order by department_code) filter (where role = 'lead') as lead_zh,
    count(*)::integer as department_count,
    count(line_key)::integer as reported_count,
    count(percent)::integer as percent_count,
    {{ settled('avg(percent)') }} as percent,
    {{ settled("avg(percent) filter (where role = 'lead')") }} as lead_percent,
    {{ settled('avg(previous_percent)') }} as previous_percent,
    -- Like for like: of those that stated a percentage for both periods.
    count(percent_change)::integer as compared_count,
    {{ settled('avg(percent_change)') }} as percent_change,
    (count(*) filter (where has_problem))::integer as problem_count
from progress
group by period, edition, task_code, task_zh, task_order
