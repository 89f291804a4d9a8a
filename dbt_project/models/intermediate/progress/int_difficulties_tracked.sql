-- Grain: one difficulty: raised by a department with a task's problem while no other is open for the two, assigned and
-- settled by decisions that name it. A problem that is stated after the settlement opens the next one.
with problems as (
    select * from {{ ref('int_problems_stated') }}
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
),

-- Of one period's lists the last word counts, so that a list can be mended before the next cut-off.
decisions as (
    select distinct on (lines.difficulty_id, periods.period)
        lines.difficulty_id,
        lines.decision,
        lines.assigned_department,
        lines.due_date,
        lines.decided_on,
        lines.note_text,
        periods.number,
        lines.received_at
    from {{ ref('stg_gate__meeting_lines') }} as lines
    inner join periods on lines.received_at > periods.opens and lines.received_at <= periods.cutoff
    inner join problems on lines.difficulty_id = problems.difficulty_id and periods.number >= problems.number
    where lines.verdict = 'accepted'
    order by
        lines.difficulty_id asc, periods.period asc,
        lines.received_at desc, lines.arrival_id desc, lines.batch_id desc, lines.line_no desc
),

settlements as (
    select distinct on (difficulty_id) *
    from decisions
    where decision = 'settled'
    order by difficulty_id asc, number asc
),

firsts as (
    select distinct on (department_code, task_code) *
    from problems
    order by department_code asc, task_code asc, number asc
),

followers as (
    select distinct on (settled_problems.difficulty_id)
        settled_problems.difficulty_id as after_difficulty_id,
        problems.*
    from settlements
    inner join problems as settled_problems on settlements.difficulty_id = settled_problems.difficulty_id
    inner join problems
        on
            settled_problems.department_code = problems.department_code
            and settled_problems.task_code = problems.task_code
            and settlements.received_at < problems.received_at
    order by settled_problems.difficulty_id asc, problems.number asc
),

raised as (
    with recursive chain as (
        select
            difficulty_id,
            department_code,
            task_code,
            period,
            number
        from firsts
        union all
        select
            followers.difficulty_id,
            followers.department_code,
            followers.task_code,
            followers.period,
            followers.number
        from chain
        inner join followers on chain.difficulty_id = followers.after_difficulty_id
    )

    select * from chain
),

-- What is stated between a difficulty's beginning and its settlement is about it.
last_statements as (
    select distinct on (raised.difficulty_id)
        raised.difficulty_id,
        problems.problems_text,
        problems.is_current and problems.number > raised.number as reported_again
    from raised
    left join settlements on raised.difficulty_id = settlements.difficulty_id
    inner join problems
        on
            raised.department_code = problems.department_code
            and raised.task_code = problems.task_code
            and raised.number <= problems.number
            and coalesce(settlements.received_at > problems.received_at, true)
    order by raised.difficulty_id asc, problems.number desc
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
    last_statements.problems_text as problem_text,
    last_statements.reported_again,
    coalesce(last_decisions.decision, 'raised') as state,
    settlements.number as settled_number,
    assignments.assigned_department,
    assignments.due_date,
    last_decisions.decided_on,
    last_decisions.note_text
from raised
inner join last_statements on raised.difficulty_id = last_statements.difficulty_id
left join settlements on raised.difficulty_id = settlements.difficulty_id
left join last_decisions on raised.difficulty_id = last_decisions.difficulty_id
left join assignments on raised.difficulty_id = assignments.difficulty_id
