-- Grain: one span in which something was a problem, from the snapshot that opened it to the one that closed it.
with judged as (
    select * from {{ ref('int_problems_judged') }}
    where change <> 0
),

numbered as (
    select
        judged.*,
        count(*) filter (where judged.change = 1 and judged.held_by = 1) over (
            partition by judged.problem_id
            order by judged.at, judged.sequence, judged.change desc, judged.source
            rows between unbounded preceding and current row
        ) as spell
    from judged
),

turns as (
    select
        problem_id,
        spell,
        at,
        source,
        seen_in,
        rule_code,
        rule_zh,
        rule_description_zh,
        shown_value,
        shown_upper,
        rule_threshold,
        compared_with,
        survey_zh,
        year,
        no_longer_zh,
        target_text,
        score,
        change = 1 as is_opening
    from numbered
    where (change = 1 and held_by = 1) or (change = -1 and held_by = 0)
)

select
    opened.problem_id,
    opened.spell,
    opened.at as opened_at,
    (opened.at at time zone 'Asia/Shanghai')::date as opened_on,
    opened.source as opened_source,
    opened.seen_in as opened_in,
    opened.rule_code as opened_by,
    opened.rule_zh as opened_by_zh,
    opened.rule_description_zh as opened_because_zh,
    opened.survey_zh as opened_survey_zh,
    opened.year as opened_year,
    opened.shown_value as opened_value,
    opened.shown_upper as opened_upper,
    opened.rule_threshold as opened_threshold,
    opened.compared_with as opened_compared_with,
    opened.target_text as opened_target_text,
    opened.score as opened_score,
    closed.at as closed_at,
    (closed.at at time zone 'Asia/Shanghai')::date as closed_on,
    closed.source as closed_source,
    closed.seen_in as closed_in,
    closed.survey_zh as closed_survey_zh,
    closed.year as closed_year,
    closed.shown_value as closed_value,
    closed.shown_upper as closed_upper,
    closed.rule_threshold as closed_threshold,
    closed.compared_with as closed_compared_with,
    closed.no_longer_zh,
    closed.score as closed_score,
    closed.target_text as closed_target_text,
    opened.spell = max(opened.spell) over (partition by opened.problem_id) as is_latest
from turns as opened
left join turns as closed
    on opened.problem_id = closed.problem_id and opened.spell = closed.spell and not closed.is_opening
where opened.is_opening
