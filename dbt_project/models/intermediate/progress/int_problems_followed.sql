-- Grain: one problem stated (a department, a task, a window), with the difficulty that it belongs to.
-- It continues that open difficulty of the department and task whose last words it resembles most; one that resembles
-- none (grading.csv: same_problem) is a difficulty of its own. Several may be open.
with settlements as (
    select distinct on (difficulty_id)
        difficulty_id,
        received_at
    from {{ ref('int_difficulties_decided') }}
    where decision = 'settled'
    order by difficulty_id asc, number asc
),

rules as (
    select max(parameter) filter (where code = 'same_problem') as same_from
    from {{ ref('stg_catalogue__gradings') }}
    where kind = 'progress'
),

statements as materialized (
    select
        problems.*,
        {{ plain_text('problems.problems_text') }} as plain_problem,
        settlements.received_at as settled_at,
        row_number() over (
            partition by problems.department_code, problems.task_code
            order by problems.number
        ) as nth
    from {{ ref('int_problems_stated') }} as problems
    left join settlements on problems.statement_id = settlements.difficulty_id
),

-- One statement after the other, since each is compared with what was said before: last_said holds of every difficulty
-- so far its last words and when it was settled.
followed as (
    with recursive chain as (
        select
            department_code,
            task_code,
            nth,
            statement_id,
            statement_id as difficulty_id,
            jsonb_build_object(statement_id, jsonb_build_array(plain_problem, settled_at)) as last_said
        from statements
        where nth = 1
        union all
        select
            statements.department_code,
            statements.task_code,
            statements.nth,
            statements.statement_id,
            coalesce(alike.difficulty_id, statements.statement_id) as difficulty_id,
            chain.last_said || jsonb_build_object(
                coalesce(alike.difficulty_id, statements.statement_id),
                jsonb_build_array(
                    statements.plain_problem,
                    case when alike.difficulty_id is null then statements.settled_at else alike.settled_at end
                )
            ) as last_said
        from chain
        inner join statements
            on
                chain.department_code = statements.department_code
                and chain.task_code = statements.task_code
                and chain.nth + 1 = statements.nth
        cross join rules
        left join lateral (
            select
                difficulties.difficulty_id,
                (difficulties.last_words ->> 1)::timestamptz as settled_at,
                case
                    when difficulties.last_words ->> 0 = statements.plain_problem then 1.0
                    else {{ settled(text_similarity('(difficulties.last_words ->> 0)', 'statements.plain_problem')) }}
                end as similarity
            from jsonb_each(chain.last_said) as difficulties (difficulty_id, last_words)
            where coalesce((difficulties.last_words ->> 1)::timestamptz > statements.received_at, true)
            order by similarity desc nulls last, difficulty_id
            limit 1
        ) as alike on rules.same_from <= alike.similarity
    )

    select * from chain
)

select
    followed.difficulty_id,
    statements.statement_id,
    statements.department_code,
    statements.task_code,
    statements.period,
    statements.number,
    statements.is_current,
    statements.problems_text,
    statements.synthetic,
    statements.plain_problem
from followed
inner join statements on followed.statement_id = statements.statement_id
