-- Grain: one snapshot of one thing that was ever a problem, by the rules known at its moment; and how many sources hold
-- it to be one after it (`held_by`). A source changes its mind only by saying something else, or that it has no say any
-- longer (`no_longer_zh`), which tells nothing where it held nothing.
with snapshots as (
    select * from {{ ref('int_problem_snapshots') }}
),

-- Materialized: as a view they would be made anew for each snapshot.
rules as materialized (
    select * from {{ ref('stg_catalogue__problem_rules') }}
),

judged as (
    select
        snapshots.*,
        rule.code as rule_code,
        rule.name_zh as rule_zh,
        rule.description_zh as rule_description_zh,
        rule.severity,
        rule.severity_rank,
        rule.threshold as rule_threshold,
        rule.code is not null as is_met
    from snapshots
    {{ worst_rule('snapshots', 'snapshots.at') }}
),

compared as (
    select
        judged.*,
        coalesce(lag(judged.is_met) over by_source, false) as was_met,
        bool_or(judged.is_met) over (partition by judged.problem_id) as was_ever_met
    from judged
    window by_source as (partition by judged.problem_id, judged.source order by judged.at, judged.sequence)
),

counted as (
    select
        compared.*,
        compared.is_met::integer - compared.was_met::integer as change
    from compared
    where
        compared.was_ever_met
        and (compared.no_longer_zh is null or compared.is_met::integer <> compared.was_met::integer)
)

select
    counted.*,
    case when counted.is_shown then counted.value end as shown_value,
    case when counted.is_shown then counted.upper end as shown_upper,
    -- At one moment what begins comes before what ends: a problem handed from one source to the next stays one.
    sum(counted.change) over (
        partition by counted.problem_id
        order by counted.at, counted.sequence, counted.change desc, counted.source
        rows between unbounded preceding and current row
    ) as held_by
from counted
