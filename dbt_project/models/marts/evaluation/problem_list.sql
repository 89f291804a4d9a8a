-- Grain: one problem of the city, open or closed, under an id that only says what it is about.
with subjects as (
    select * from {{ ref('int_problem_subjects') }}
),

moments as (
    select (moment at time zone 'Asia/Shanghai')::date as today
    from {{ ref('int_problem_moment') }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

dimensions as (
    select * from {{ ref('stg_catalogue__dimensions') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
),

areas as (
    {{ current_areas() }}
),

-- Who leads the work in a dimension owns what belongs to no indicator.
leads as (
    select distinct on (work_blocks.dimension_code)
        work_blocks.dimension_code,
        duties.department_code
    from {{ ref('stg_catalogue__responsibilities') }} as duties
    inner join {{ ref('stg_catalogue__work_blocks') }} as work_blocks on duties.block_code = work_blocks.code
    where duties.role = 'lead' and coalesce(duties.known_until > {{ as_of() }}, true)
    order by
        work_blocks.dimension_code asc, work_blocks.sort_order asc, duties.known_from desc nulls last,
        duties.department_code asc
),

-- What was done before a problem opened (again) has not solved it.
measures as (
    select
        in_force.problem_id,
        count(*) as measure_count,
        count(*) filter (where in_force.status = 'done' and in_force.report_date >= subjects.opened_on)
            as measures_done,
        bool_or(
            in_force.status = 'under_way' or (in_force.status = 'done' and in_force.report_date >= subjects.opened_on)
        ) as is_begun,
        bool_or(in_force.status <> 'done' and in_force.deadline < moments.today) as is_overdue,
        bool_or(in_force.synthetic) as synthetic
    from {{ ref('int_rectification_in_force') }} as in_force
    inner join subjects on in_force.problem_id = subjects.problem_id
    cross join moments
    where in_force.status <> 'cancelled'
    group by in_force.problem_id
),

last_waves as (
    select distinct on (problem_id) *
    from {{ ref('int_problem_survey_values') }}
    where is_headline and indicator_code is not null and is_shown
    order by problem_id asc, at desc
),

voices as (
    select
        indicator_code,
        string_agg(
            concat(
                '“', subject_zh, '”满意度 ', {{ number_text('round(value::numeric, 1)') }}, ' 分（', seen_in, '，', answers,
                ' 人回答）'
            ),
            '；' order by problem_id
        ) as survey_voice_zh
    from last_waves
    group by indicator_code
),

notes as (
    select distinct problem_id from {{ ref('int_problem_notes') }}
),

figures as (
    select distinct indicator_code from {{ ref('self_check_figure') }}
    where section in ('status', 'problems') and indicator_code is not null
),

named as (
    select
        subjects.*,
        coalesce(measures.measure_count, 0) as measure_count,
        coalesce(measures.measures_done, 0) as measures_done,
        subjects.closed_at is null and coalesce(measures.is_overdue, false) as is_overdue,
        subjects.synthetic or coalesce(measures.synthetic, false) as is_synthetic,
        case
            when subjects.closed_at is not null then 'closed'
            when measures.measure_count = measures.measures_done then 'awaiting_verification'
            when measures.is_begun then 'in_progress'
            else 'open'
        end as status,
        subjects.problem_id like 'SV-%' as is_of_survey,
        subjects.problem_id like '%@%' as is_of_part,
        coalesce(subjects.subject_zh, indicators.name_zh) as subject_name_zh,
        case when subjects.source = 'survey' then '分' else indicators.unit end as unit,
        coalesce(indicators.dimension_code, subjects.dimension_code) as belongs_to,
        coalesce(nullif(split_part(indicators.lead_department, ';', 1), ''), leads.department_code) as owner_department,
        coalesce(areas.name_zh, subjects.area_code) as area_zh,
        voices.survey_voice_zh
    from subjects
    left join measures on subjects.problem_id = measures.problem_id
    left join indicators
        on
            subjects.system = indicators.system
            and subjects.year = indicators.year
            and subjects.indicator_code = indicators.code
    left join areas on subjects.area_code = areas.code
    left join leads on subjects.dimension_code = leads.dimension_code
    left join voices on subjects.indicator_code = voices.indicator_code and subjects.problem_id not like 'SV-%'
)

select
    named.problem_id,
    case named.opened_source when 'peer' then 'indicator' else named.opened_source end as kind,
    named.subject_name_zh || case when named.is_of_part then '（' || named.area_zh || '）' else '' end as name_zh,
    named.system,
    named.year,
    named.indicator_code,
    named.belongs_to as dimension_code,
    dimensions.name_zh as dimension_zh,
    named.area_code,
    named.area_zh,
    named.severity,
    {{ severity_zh('named.severity') }} as severity_zh,
    named.status,
    {{ problem_status_zh('named.status') }} as status_zh,
    named.opened_on,
    named.opened_by,
    named.opened_by_zh,
    named.closed_on,
    case
        when named.closed_at is not null
            then
                concat(
                    {{ day_zh('named.closed_on') }},
                    coalesce(
                        named.no_longer_zh,
                        concat(
                            {{ seen_by_zh('named.closed_source') }},
                            '为 ' || {{ number_text('round(named.closed_value::numeric, 4)') }}
                            || ' ' || named.unit || '，',
                            '不再符合任何认定规则'
                        )
                    )
                )
    end as closed_by_zh,
    (named.spell - 1)::integer as reopened_count,
    case when named.is_of_survey and named.closed_at is null then coalesce(main.problem_id, whole.problem_id) end
        as merged_into,
    named.value,
    named.unit,
    named.target_text,
    named.score,
    concat(
        case when named.closed_at is null then {{ said_zh('named.held') }} else {{ said_zh('named.opened') }} end,
        '；符合“', case when named.closed_at is null then named.rule_zh else named.opened_by_zh end, '”（',
        rtrim(case when named.closed_at is null then named.rule_description_zh else named.opened_because_zh end, '。'),
        '）；', {{ day_zh('named.first_opened_on') }}, '列入清单',
        case
            when named.spell > 1
                then '，' || {{ day_zh('named.opened_on') }} || '第' || (named.spell - 1) || '次重新列入'
        end,
        case
            when named.closed_at is not null
                then
                    concat(
                        '；', {{ day_zh('named.closed_on') }}, '，',
                        coalesce(named.no_longer_zh, {{ said_zh('named.closed') }} || '，不再符合任何认定规则'), '，销号'
                    )
        end,
        '。'
    ) as evidence_zh,
    concat_ws(
        '、',
        case when 'indicator' = any(named.seen_by) then '指标数据' end,
        case when 'survey' = any(named.seen_by) or named.survey_voice_zh is not null then '满意度调查' end,
        case when 'third_party' = any(named.seen_by) then '第三方评估' end,
        case when 'peer' = any(named.seen_by) then '同类城市比较' end,
        case when figures.indicator_code is not null and not named.is_of_survey then '部门自查' end,
        case when notes.problem_id is not null then '实地访谈' end
    ) as sources_zh,
    named.survey_voice_zh,
    named.owner_department,
    departments.name_zh as owner_zh,
    named.measure_count::integer as measure_count,
    named.measures_done::integer as measures_done,
    named.is_overdue as overdue,
    named.is_synthetic as synthetic
from named
left join dimensions on named.belongs_to = dimensions.code
left join departments on named.owner_department = departments.code
left join subjects as main on named.indicator_code = main.problem_id and main.closed_at is null
left join subjects as whole
    on named.is_of_part and split_part(named.problem_id, '@', 1) = whole.problem_id and whole.closed_at is null
left join notes on named.problem_id = notes.problem_id
left join figures on named.indicator_code = figures.indicator_code
