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
        -- Numbers in place of names: there are many to compare.
        dense_rank() over (order by problems.department_code, problems.task_code) as subject,
        row_number() over (
            partition by problems.department_code, problems.task_code
            order by problems.number
        ) as nth
    from {{ ref('int_problems_stated') }} as problems
    left join settlements on problems.statement_id = settlements.difficulty_id
),

-- How alike two statements of a department and task are: Dice's coefficient over their distinct pairs of neighbouring
-- characters, as the macro text_similarity has it; for all at once.
pairs as (
    select
        statements.subject,
        statements.nth,
        characters.pair
    from statements
    cross join lateral (
        select distinct substr(statements.plain_problem, places.place, 2) as pair
        from generate_series(1, greatest(length(statements.plain_problem) - 1, 1)) as places (place)
    ) as characters
),

counted as (
    select
        subject,
        nth,
        count(*) as pair_count
    from pairs
    group by subject, nth
),

shared as (
    select
        later.subject,
        later.nth,
        earlier.nth as earlier_nth,
        count(*) as pair_count
    from pairs as later
    inner join pairs as earlier
        on later.subject = earlier.subject and later.pair = earlier.pair and later.nth > earlier.nth
    group by later.subject, later.nth, earlier.nth
),

compared as (
    select
        shared.subject,
        shared.nth,
        shared.earlier_nth,
        {{ settled('2.0 * shared.pair_count / (later.pair_count + earlier.pair_count)') }} as similarity
    from shared
    inner join counted as later on shared.subject = later.subject and shared.nth = later.nth
    inner join counted as earlier on shared.subject = earlier.subject and shared.earlier_nth = earlier.nth
),

alike as (
    select
        compared.subject,
        compared.nth,
        jsonb_object_agg(compared.earlier_nth, compared.similarity) as similarities
    from compared
    cross join rules
    where compared.similarity >= rules.same_from
    group by compared.subject, compared.nth
),

in_order as materialized (
    select
        statements.subject,
        statements.nth,
        statements.received_at,
        statements.settled_at,
        alike.similarities
    from statements
    left join alike on statements.subject = alike.subject and statements.nth = alike.nth
),

-- One statement after the other, since each is compared with what was said last: last_said holds of every difficulty so
-- far its last statement and when it was settled.
followed as (
    with recursive chain as (
        select
            subject,
            nth,
            nth as raised_nth,
            jsonb_build_object(nth, jsonb_build_array(nth, settled_at)) as last_said
        from in_order
        where nth = 1
        union all
        select
            in_order.subject,
            in_order.nth,
            coalesce(same.raised_nth, in_order.nth) as raised_nth,
            chain.last_said || jsonb_build_object(
                coalesce(same.raised_nth, in_order.nth),
                jsonb_build_array(
                    in_order.nth,
                    case when same.raised_nth is null then in_order.settled_at else same.settled_at end
                )
            ) as last_said
        from chain
        inner join in_order on chain.subject = in_order.subject and chain.nth + 1 = in_order.nth
        left join lateral (
            select
                difficulties.raised_nth::bigint as raised_nth,
                (difficulties.last_statement ->> 1)::timestamptz as settled_at
            from
                jsonb_each(case when in_order.similarities is not null then chain.last_said end)
                    as difficulties (raised_nth, last_statement)
            where
                jsonb_exists(in_order.similarities, difficulties.last_statement ->> 0)
                and coalesce((difficulties.last_statement ->> 1)::timestamptz > in_order.received_at, true)
            order by
                (in_order.similarities ->> (difficulties.last_statement ->> 0))::double precision desc,
                difficulties.raised_nth::bigint asc
            limit 1
        ) as same on true
    )

    select * from chain
)

select
    raised.statement_id as difficulty_id,
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
inner join statements on followed.subject = statements.subject and followed.nth = statements.nth
inner join statements as raised on followed.subject = raised.subject and followed.raised_nth = raised.nth
