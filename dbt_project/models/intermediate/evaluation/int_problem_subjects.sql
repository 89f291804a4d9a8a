-- Grain: one thing that was ever a problem: its latest span, what was last seen of it, and what holds it open.
with spells as (
    select * from {{ ref('int_problem_spells') }}
),

judged as (
    select * from {{ ref('int_problems_judged') }}
),

last_said as (
    select distinct on (problem_id, source) *
    from judged
    order by problem_id asc, source asc, at desc, sequence desc
),

-- What was met when it was last met, to say how bad a closed problem was.
last_met as (
    select distinct on (problem_id)
        problem_id,
        rule_code,
        rule_zh,
        rule_description_zh,
        severity,
        severity_rank
    from judged
    where is_met
    order by problem_id asc, at desc, sequence desc, severity_rank asc
),

worst as (
    select distinct on (problem_id)
        problem_id,
        rule_code,
        rule_zh,
        rule_description_zh,
        severity,
        source,
        seen_in,
        survey_zh,
        year,
        shown_value,
        shown_upper,
        rule_threshold,
        compared_with,
        target_text,
        score
    from last_said
    where is_met
    order by problem_id asc, severity_rank asc, source asc
),

-- The city's own words first: the value of an indicator, else what residents or others say.
shown as (
    select distinct on (problem_id) *
    from last_said
    order by
        problem_id asc,
        case source when 'indicator' then 1 when 'survey' then 2 when 'third_party' then 3 else 4 end asc
),

sources as (
    select
        problem_id,
        array_agg(source order by source) filter (where is_met) as held_by,
        array_agg(source order by source) as seen_by,
        bool_or(synthetic) as synthetic
    from last_said
    group by problem_id
)

select
    spells.*,
    first_spell.opened_on as first_opened_on,
    shown.source,
    shown.seen_in as shown_in,
    shown.system,
    shown.year,
    shown.indicator_code,
    shown.area_code,
    shown.subject_zh,
    shown.dimension_code,
    shown.shown_value as value,
    shown.score,
    shown.target_text,
    coalesce(worst.rule_code, last_met.rule_code) as rule_code,
    coalesce(worst.rule_zh, last_met.rule_zh) as rule_zh,
    coalesce(worst.rule_description_zh, last_met.rule_description_zh) as rule_description_zh,
    coalesce(worst.severity, last_met.severity) as severity,
    -- Who holds it open by the worst rule, and what was said.
    worst.source as held_source,
    worst.seen_in as held_in,
    worst.survey_zh as held_survey_zh,
    worst.year as held_year,
    worst.shown_value as held_value,
    worst.shown_upper as held_upper,
    worst.rule_threshold as held_threshold,
    worst.compared_with as held_compared_with,
    worst.target_text as held_target_text,
    worst.score as held_score,
    sources.held_by,
    sources.seen_by,
    coalesce(sources.synthetic, false) as synthetic
from spells
inner join spells as first_spell on spells.problem_id = first_spell.problem_id and first_spell.spell = 1
inner join shown on spells.problem_id = shown.problem_id
inner join sources on spells.problem_id = sources.problem_id
left join worst on spells.problem_id = worst.problem_id
left join last_met on spells.problem_id = last_met.problem_id
where spells.is_latest
