-- Grain: one edition of one reporting period × one difficulty, from the period in which it was raised to the one in
-- which it was settled, both included.
-- Statements are followed one after the other, through tables of which the planner knows nothing: it looped over
-- 43,200 of them for each of 1,800. Without loops a period of the tenth year takes 6 s here instead of 65.
{{ config(pre_hook='set local enable_nestloop = off') }}
with difficulties as (
    select * from {{ ref('int_difficulties_tracked') }}
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
    where is_current
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
),

work_blocks as (
    select * from {{ ref('stg_catalogue__work_blocks') }}
),

themes as (
    select distinct on (difficulties.difficulty_id)
        difficulties.difficulty_id,
        problem_themes.name_zh
    from difficulties
    inner join {{ ref('stg_catalogue__problem_themes') }} as problem_themes
        on {{ theme_fits('problem_themes.keywords', 'difficulties.problem_text') }}
    order by difficulties.difficulty_id, problem_themes.sort_order, problem_themes.code
)

select
    periods.period,
    periods.edition,
    difficulties.difficulty_id,
    difficulties.raised_period,
    difficulties.department_code,
    coalesce(departments.name_zh, difficulties.department_code) as department_zh,
    difficulties.task_code,
    coalesce(work_blocks.name_zh, difficulties.task_code) as task_zh,
    difficulties.problem_text,
    difficulties.latest_text,
    difficulties.reworded,
    themes.name_zh as theme_zh,
    difficulties.state,
    {{ difficulty_state_zh('difficulties.state') }} as state_zh,
    periods.number - difficulties.raised_number + 1 as periods_open,
    difficulties.reported_again,
    coalesce(assigned.name_zh, difficulties.assigned_department) as assigned_zh,
    difficulties.due_date,
    coalesce(
        difficulties.state = 'assigned'
        and difficulties.due_date < (periods.cutoff at time zone 'Asia/Shanghai')::date,
        false
    ) as overdue,
    difficulties.decided_on,
    difficulties.note_text,
    difficulties.synthetic
from difficulties
inner join periods on difficulties.settled_number is null or difficulties.settled_number >= periods.number
left join departments on difficulties.department_code = departments.code
left join departments as assigned on difficulties.assigned_department = assigned.code
left join work_blocks on difficulties.task_code = work_blocks.code
left join themes on difficulties.difficulty_id = themes.difficulty_id
