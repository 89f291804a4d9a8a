-- Grain: one piece of evidence of one problem, of one kind of source.
with problems as (
    select * from {{ ref('problem_list') }}
),

judged as (
    select * from {{ ref('int_problems_judged') }}
),

notes as (
    select * from {{ ref('int_problem_notes') }}
),

figures as (
    select * from {{ ref('self_check_figure') }}
    where section in ('status', 'problems') and indicator_code is not null
),

areas as (
    {{ current_areas() }}
),

third_parties as (
    select * from {{ ref('int_problem_third_party_values') }}
),

-- What was seen at each turn: where it opened, got worse or better, closed.
turning as (
    select
        judged.*,
        lag(judged.value) over by_source as value_before,
        lag(judged.rule_code) over by_source as rule_before,
        row_number() over by_source = 1 as is_first
    from judged
    window by_source as (partition by judged.problem_id, judged.source order by judged.at, judged.sequence)
),

pieces as (
    select
        turning.problem_id,
        turning.source as source_kind,
        turning.at as seen_at,
        concat(
            case turning.source
                when 'survey' then turning.seen_in || ' ' || turning.survey_zh
                when 'third_party' then turning.seen_in || '评估'
                else coalesce(turning.seen_in || ' 报送期', '目前')
            end,
            '：',
            coalesce(
                {{ number_text(
                    "round(turning.shown_value::numeric, case turning.source when 'survey' then 1 else 4 end)"
                ) }}
                || ' ' || problems.unit,
                '其后又有答卷，当时的数值不再列出'
            ),
            case turning.source
                when 'survey' then case when turning.is_shown then '（' || turning.compared_with || ' 人回答）' end
                when 'peer'
                    then '，同类城市中位数 ' || {{ number_text('round(turning.compared_with::numeric, 4)') }}
            end,
            {{ upper_zh('turning.shown_upper', 'turning.rule_threshold') }},
            '，目标 ' || turning.target_text, '，得分 ' || {{ number_text('round(turning.score::numeric, 1)') }}, '；',
            coalesce('符合“' || turning.rule_zh || '”', turning.no_longer_zh, '不符合任何认定规则')
        ) as evidence_text,
        turning.shown_value as evidence_number,
        case turning.source
            when 'survey'
                -- A row that shows another number by now is no evidence of this one.
                then
                    case
                        when turning.is_shown
                            then
                                concat_ws(
                                    '/', 'satisfaction_index', turning.seen_in, 'question', turning.subject_code,
                                    turning.area_code, 'all'
                                )
                    end
            when 'third_party'
                then concat_ws('/', 'third_party_comparison', turning.system, turning.year, turning.indicator_code)
            when 'peer'
                then
                    concat_ws('/', 'indicator_comparison', turning.system, turning.year, turning.indicator_code, 'peer')
            else
                concat_ws(
                    '/',
                    case
                        when turning.seen_in is null then 'indicator_value_by_area' else 'indicator_scorecard_asof'
                    end,
                    turning.seen_in, turning.system, turning.year, turning.indicator_code, turning.area_code
                )
        end as mart_key,
        told.file,
        coalesce(turning.synthetic, false) as synthetic
    from turning
    inner join problems on turning.problem_id = problems.problem_id
    -- The mart shows what a third party says now; what it said before is in its file alone.
    left join
        lateral (
            select concat_ws(' ', third_parties.filename, third_parties.sheet, third_parties.cell) as file
            from third_parties
            where
                third_parties.problem_id = turning.problem_id
                and third_parties.at = turning.at
                and third_parties.seen_in = turning.seen_in
                and third_parties.value = turning.value
            order by file asc
            limit 1
        ) as told
        on turning.source = 'third_party'
    where
        turning.is_first
        or turning.value is distinct from turning.value_before
        or turning.rule_code is distinct from turning.rule_before
    union all
    select
        notes.problem_id,
        'interview' as source_kind,
        notes.held_on::timestamp at time zone 'Asia/Shanghai' as seen_at,
        concat_ws('，', {{ day_zh('notes.held_on') }}, areas.name_zh, notes.place_text)
        || '访谈：' || notes.note_text as evidence_text,
        null as evidence_number,
        'interview/' || notes.note_id as mart_key,
        concat_ws(' ', notes.filename, notes.sheet, notes.cell) as file,
        notes.synthetic
    from notes
    left join areas on notes.area_code = areas.code
    union all
    select
        problems.problem_id,
        'self_check' as source_kind,
        figures.received_at as seen_at,
        coalesce(figures.department_zh, '') || '自查（' || figures.section_zh || '）：' || figures.sentence
            as evidence_text,
        figures.quoted_value as evidence_number,
        'self_check_figure/' || figures.figure_key as mart_key,
        concat_ws(' ', figures.filename, figures.sheet, figures.cell) as file,
        figures.synthetic
    from figures
    inner join problems on figures.indicator_code = problems.problem_id
)

select
    problem_id,
    source_kind,
    row_number() over (partition by problem_id, source_kind order by seen_at, mart_key, evidence_text)::integer
        as evidence_no,
    evidence_text as text,
    evidence_number as number,
    mart_key,
    file,
    (seen_at at time zone 'Asia/Shanghai')::date as seen_on,
    synthetic
from pieces
