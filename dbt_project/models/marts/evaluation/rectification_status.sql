-- Grain: one measure against a problem, as it was last reported.
with measures as (
    select * from {{ ref('int_rectification_in_force') }}
),

problems as (
    select * from {{ ref('problem_list') }}
),

moments as (
    select (moment at time zone 'Asia/Shanghai')::date as today
    from {{ ref('int_problem_moment') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
),

indicators as (
    select distinct on (code)
        code,
        name_zh
    from {{ ref('stg_catalogue__indicators') }}
    order by code asc, year desc
)

select
    measures.measure_id,
    measures.problem_id,
    problems.problem_id is not null as problem_known,
    coalesce(problems.name_zh, indicators.name_zh) as problem_zh,
    problems.status as problem_status,
    problems.status_zh as problem_status_zh,
    case
        when problems.problem_id is null
            then
                '城市病清单中没有问题「' || measures.problem_id || '」'
                || case when indicators.code is not null then '（' || indicators.name_zh || '，从未符合认定规则）' else '' end
                || '：见文件「' || measures.filename || '」' || coalesce('工作表「' || measures.sheet || '」', '')
                || coalesce(measures.cell, '') || '，请核对问题编号后重新报送'
    end as problem_note_zh,
    measures.owner_department,
    departments.name_zh as owner_zh,
    measures.measure_text,
    measures.deadline,
    {{ milestones_zh('measures.milestones') }} as milestones_zh,
    measures.status,
    {{ measure_status_zh('measures.status') }} as status_zh,
    measures.percent,
    measures.report_date,
    coalesce(
        measures.status not in ('done', 'cancelled') and measures.deadline < moments.today, false
    ) as overdue,
    case
        when measures.status not in ('done', 'cancelled') and measures.deadline < moments.today
            then moments.today - measures.deadline
    end as overdue_days,
    coalesce(measures.status = 'done' and problems.status = 'closed', false) as verified,
    measures.note_text,
    measures.received_at,
    measures.filename,
    measures.sheet,
    measures.cell,
    measures.sha256,
    measures.synthetic
from measures
cross join moments
left join problems on measures.problem_id = problems.problem_id
left join departments on measures.owner_department = departments.code
left join indicators on split_part(measures.problem_id, '@', 1) = indicators.code
