-- Grain: one edition of one reporting period × one measure against a problem, as it stood at the period's cut-off.
-- It rests on what had been received by then, never on other editions: whether a problem still meets a rule is asked of
-- the values at the cut-off. When it was opened or closed is told by problem_list, which looks back at all periods.
{{ config(pre_hook='set local enable_nestloop = off') }}
with periods as (
    select * from {{ ref('int_reporting_periods') }}
),

this_period as (
    select * from periods
    where is_current
),

previous_period as (
    select * from periods
    where is_previous
),

measures as (
    select * from {{ ref('int_rectification_in_force') }}
),

previous as (
    select distinct on (lines.measure_id)
        lines.measure_id,
        lines.status,
        lines.percent
    from {{ ref('stg_gate__rectification_lines') }} as lines
    inner join previous_period on lines.received_at <= previous_period.cutoff
    where lines.verdict = 'accepted'
    order by
        lines.measure_id asc, lines.received_at desc, lines.arrival_id desc, lines.batch_id desc, lines.line_no desc
),

-- Of several examinations of one indicator the latest that has a value speaks, of several waves the last.
problem_values as (
    select distinct on (said.problem_id) said.*
    from (
        select
            source,
            problem_id,
            category,
            points,
            worse_share,
            null as subject_zh,
            state in ('value', 'no_standard') as is_said,
            year,
            system,
            null::timestamptz as at
        from {{ ref('int_problem_values_now') }}
        union all
        select
            source,
            problem_id,
            category,
            points,
            worse_share,
            subject_zh,
            true as is_said,
            year,
            system,
            at
        from {{ ref('int_problem_survey_values') }}
    ) as said
    inner join measures on said.problem_id = measures.problem_id
    order by said.problem_id asc, said.is_said desc, said.year desc, said.system asc, said.at desc
),

rules as materialized (
    select * from {{ ref('stg_catalogue__problem_rules') }}
),

problems as (
    select
        problem_values.problem_id,
        problem_values.subject_zh,
        case
            when not problem_values.is_said then 'unknown'
            when rule.code is not null then 'met'
            else 'no_longer'
        end as problem_state,
        rule.name_zh as rule_zh
    from problem_values
    cross join this_period
    {{ worst_rule('problem_values', 'this_period.cutoff') }}
),

indicators as (
    select distinct on (code)
        code,
        name_zh
    from {{ ref('stg_catalogue__indicators') }}
    order by code asc, year desc
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
),

followed as (
    select
        this_period.period,
        this_period.edition,
        (this_period.cutoff at time zone 'Asia/Shanghai')::date as today,
        measures.*,
        measures.received_at > this_period.opens as is_updated,
        measures.status not in ('done', 'cancelled') as is_unfinished,
        coalesce(problems.problem_state, 'unknown') as problem_state,
        problems.rule_zh,
        coalesce(problems.subject_zh, indicators.name_zh) as problem_zh,
        departments.name_zh as owner_zh,
        previous.status as previous_status,
        previous.percent as previous_percent
    from measures
    cross join this_period
    left join problems on measures.problem_id = problems.problem_id
    left join indicators on split_part(measures.problem_id, '@', 1) = indicators.code
    left join departments on measures.owner_department = departments.code
    left join previous on measures.measure_id = previous.measure_id
)

select
    period,
    edition,
    measure_id,
    problem_id,
    coalesce(problem_zh, problem_id) as problem_zh,
    problem_state,
    case
        when problem_state = 'met' and status = 'done' then '措施完成待验证，仍符合“' || rule_zh || '”'
        when problem_state = 'met' then '仍符合“' || rule_zh || '”'
        when problem_state = 'no_longer' and status = 'done' then '不再符合认定规则，已验证'
        when problem_state = 'no_longer' then '不符合任何认定规则，请核对问题编号'
        when problem_id like 'SV-%' then '以满意度调查验证'
        else '没有可采用的数值，不能验证'
    end as problem_state_zh,
    owner_department,
    owner_zh,
    measure_text,
    deadline,
    {{ milestones_zh('milestones') }} as milestones_zh,
    status,
    {{ measure_status_zh('status') }} as status_zh,
    percent,
    previous_percent,
    {{ settled('percent - previous_percent') }} as percent_change,
    {{ measure_status_zh('previous_status') }} as previous_status_zh,
    report_date,
    is_updated,
    coalesce(is_unfinished and deadline < today, false) as overdue,
    case when is_unfinished and deadline < today then today - deadline end as overdue_days,
    status = 'done' and problem_state <> 'no_longer' as awaiting_verification,
    note_text,
    received_at,
    filename,
    sheet,
    cell,
    sha256,
    synthetic
from followed
