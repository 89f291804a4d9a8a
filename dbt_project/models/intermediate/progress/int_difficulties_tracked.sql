-- Grain: one difficulty: a problem that was none of those open for the department and task, assigned and settled by
-- decisions that name it. It keeps the words in which it was raised; what is said of it now stands beside them.
with statements as (
    select * from {{ ref('int_problems_followed') }}
),

decisions as (
    select * from {{ ref('int_difficulties_decided') }}
),

rules as (
    select max(parameter) filter (where code = 'reworded_problem') as reworded_below
    from {{ ref('stg_catalogue__gradings') }}
    where kind = 'progress'
),

raised as (
    select * from statements
    where statement_id = difficulty_id
),

last_statements as (
    select distinct on (difficulty_id) *
    from statements
    order by difficulty_id asc, number desc
),

settlements as (
    select distinct on (difficulty_id) *
    from decisions
    where decision = 'settled'
    order by difficulty_id asc, number asc
),

last_decisions as (
    select distinct on (decisions.difficulty_id) decisions.*
    from decisions
    left join settlements on decisions.difficulty_id = settlements.difficulty_id
    where coalesce(decisions.number <= settlements.number, true)
    order by decisions.difficulty_id asc, decisions.number desc
),

assignments as (
    select distinct on (decisions.difficulty_id) decisions.*
    from decisions
    left join settlements on decisions.difficulty_id = settlements.difficulty_id
    where
        decisions.assigned_department is not null
        and coalesce(decisions.number <= settlements.number, true)
    order by decisions.difficulty_id asc, decisions.number desc
)

select
    raised.difficulty_id,
    raised.period as raised_period,
    raised.number as raised_number,
    raised.department_code,
    raised.task_code,
    raised.problems_text as problem_text,
    last_statements.problems_text as latest_text,
    raised.statement_id <> last_statements.statement_id
    and coalesce(
        {{ settled(text_similarity('raised.plain_problem', 'last_statements.plain_problem')) }} < rules.reworded_below,
        false
    ) as reworded,
    raised.synthetic or last_statements.synthetic as synthetic,
    last_statements.is_current and last_statements.number > raised.number as reported_again,
    coalesce(last_decisions.decision, 'raised') as state,
    settlements.number as settled_number,
    assignments.assigned_department,
    assignments.due_date,
    last_decisions.decided_on,
    last_decisions.note_text
from raised
cross join rules
inner join last_statements on raised.difficulty_id = last_statements.difficulty_id
left join settlements on raised.difficulty_id = settlements.difficulty_id
left join last_decisions on raised.difficulty_id = last_decisions.difficulty_id
left join assignments on raised.difficulty_id = assignments.difficulty_id
