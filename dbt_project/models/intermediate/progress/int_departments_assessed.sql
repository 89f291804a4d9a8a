-- Grain: one department that answers for a task now: its points for the periods of the campaign in which it did, up to
-- the one that is summarised.
-- The rules are those of grading.csv. Who owes no items has no points for them: the others count for all.
with owed as (
    select distinct
        department_code,
        department_zh,
        department_role
    from {{ ref('int_tasks_owed') }}
    where is_current
),

periods as (
    select * from {{ ref('int_reporting_periods') }}
),

this_period as (
    select * from periods
    where is_current
),

campaign as (
    select min(opens) as opens
    from periods
),

timed as (
    select * from {{ ref('int_reports_timed') }}
),

reports as (
    select * from {{ ref('int_reports_counted') }}
),

gradings as (
    select * from {{ ref('stg_catalogue__gradings') }}
),

rules as (
    select
        coalesce(max(parameter) filter (where kind = 'points' and code = 'timeliness'), 0) as for_timeliness,
        coalesce(max(parameter) filter (where kind = 'points' and code = 'completeness'), 0) as for_completeness,
        coalesce(max(parameter) filter (where kind = 'points' and code = 'indicator_coverage'), 0) as for_coverage,
        coalesce(max(parameter) filter (where kind = 'points' and code = 'corrections'), 0) as for_corrections,
        coalesce(max(parameter) filter (where kind = 'progress' and code = 'correction_deduction'), 0) as deduction
    from gradings
),

reporting as (
    select
        timed.department_code,
        count(*) as periods_due,
        count(*) filter (where timed.timeliness = 'on_time') as on_time_count,
        count(*) filter (where timed.timeliness = 'same_day_late') as same_day_late_count,
        count(*) filter (where timed.timeliness = 'late') as late_count,
        count(*) filter (where timed.timeliness = 'missing') as missing_count,
        avg(coalesce(credits.parameter, 0)) as timeliness_rate,
        sum(timed.tasks_owed) as tasks_owed,
        sum(timed.tasks_reported) as tasks_reported,
        sum(timed.fields_filled) as fields_filled
    from timed
    left join gradings as credits on credits.kind = 'credit' and timed.timeliness = credits.code
    group by timed.department_code
),

needed_items as (
    select distinct
        expected.department_code,
        expected.item_code,
        expected.area_code,
        expected.data_year
    from {{ ref('int_items_expected') }} as expected
    inner join this_period on expected.system = this_period.system and expected.year = this_period.year
    where expected.feed = 'departmental'
),

in_force as (
    select distinct
        department_code,
        item_code,
        area_code,
        data_year
    from {{ ref('int_item_values_superseded') }}
    where standing = 'in_force' and feed = 'departmental'
),

coverage as (
    select
        needed_items.department_code,
        count(*) as items_owed,
        count(in_force.item_code) as items_accepted
    from needed_items
    left join in_force
        on
            needed_items.department_code = in_force.department_code
            and needed_items.item_code = in_force.item_code
            and needed_items.area_code = in_force.area_code
            and needed_items.data_year = in_force.data_year
    group by needed_items.department_code
),

refusals as (
    select
        department_code,
        sum(lines_refused) as refused
    from (
        select
            department_code,
            lines_refused
        from reports
        union all
        select
            item_lines.department_code,
            count(*) as lines_refused
        from {{ ref('stg_gate__item_values') }} as item_lines
        cross join campaign
        where
            item_lines.verdict = 'refused'
            and item_lines.feed = 'departmental'
            and item_lines.received_at > campaign.opens
        group by item_lines.department_code
    ) as refused_lines
    group by department_code
),

rated as (
    select
        owed.department_code,
        owed.department_zh,
        owed.department_role,
        this_period.period,
        this_period.edition,
        reporting.periods_due,
        reporting.on_time_count,
        reporting.same_day_late_count,
        reporting.late_count,
        reporting.missing_count,
        reporting.timeliness_rate::double precision as timeliness_rate,
        reporting.tasks_owed,
        reporting.tasks_reported,
        reporting.fields_filled,
        (reporting.fields_filled / nullif(6 * reporting.tasks_owed, 0))::double precision as completeness_rate,
        coalesce(coverage.items_owed, 0) as items_owed,
        coalesce(coverage.items_accepted, 0) as items_accepted,
        coverage.items_accepted::double precision / coverage.items_owed as indicator_coverage_rate,
        coalesce(refusals.refused, 0) as corrections_needed
    from owed
    cross join this_period
    inner join reporting on owed.department_code = reporting.department_code
    left join coverage on owed.department_code = coverage.department_code
    left join refusals on owed.department_code = refusals.department_code
),

pointed as (
    select
        rated.*,
        {{ settled('rated.timeliness_rate * rules.for_timeliness') }} as points_timeliness,
        {{ settled('coalesce(rated.completeness_rate, 0) * rules.for_completeness') }} as points_completeness,
        {{ settled('rated.indicator_coverage_rate * rules.for_coverage') }} as points_coverage,
        {{ settled('greatest(0, rules.for_corrections - rules.deduction * rated.corrections_needed)') }}
            as points_corrections,
        case when rated.items_owed > 0 then rules.for_coverage else 0 end
        + rules.for_timeliness + rules.for_completeness + rules.for_corrections as points_possible
    from rated
    cross join rules
),

summed as (
    select
        *,
        {{ settled(
            '100 * (points_timeliness + points_completeness + coalesce(points_coverage, 0) + points_corrections)'
            ' / nullif(points_possible, 0)'
        ) }} as points
    from pointed
)

select
    summed.*,
    timed.timeliness,
    timed.received_at,
    timed.minutes_early,
    -- By what is shown: equal points are one rank.
    rank() over (order by round(summed.points::numeric, 1) desc) as points_rank
from summed
inner join timed on summed.department_code = timed.department_code and timed.is_current
