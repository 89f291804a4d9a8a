-- Grain: one warning of one rule and subject, from where it was raised to where it was cleared.
-- A function of series, rules and the as-of moment alone. Values that came since the last run are judged again, from
-- where no warning stood before them (`begins`), and with them the last 400 days. A row of which only the key is left
-- takes back a warning that late values have undone; the hook then removes both. docs/warnings.md says it in words.
{{ config(
    unique_key=['warning_id'],
    indexes=[{'columns': ['warning_id'], 'unique': true}, {'columns': ['rule_code', 'subject', 'first_at']}],
    post_hook="delete from {{ this }} where rule_code is null"
) }}
with rules as (
    select * from {{ ref('stg_monitoring__rules') }}
),

series_values as (
    select * from {{ ref('monitored_value') }}
    where at <= {{ as_of() }}
),

subjects as (
    select * from {{ ref('stg_monitoring__subjects') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
),

last_run as (
    {% if is_incremental() %}
    select
        max(evaluated_at) as evaluated_at,
        max(as_of) as as_of
    from {{ this }}
    {% else %}
    select
        null::timestamptz as evaluated_at,
        null::timestamptz as as_of
    {% endif %}
),

-- What may be other than it was: from the first moment with a new value on, and what was not judged yet.
changes as (
    select
        rules.code as rule_code,
        series_values.subject_kind,
        series_values.subject,
        case
            when max(last_run.evaluated_at) is null then '-infinity'
            else least(
                {{ as_of() }} - interval '400 days',
                max(last_run.as_of),
                min(series_values.at) filter (where series_values.stored_at > last_run.evaluated_at)
            )
        end as since
    from series_values
    inner join rules on series_values.series = rules.series
    cross join last_run
    group by rules.code, series_values.subject_kind, series_values.subject
),

-- So many values in a row can reach back so far.
reaches as (
    select
        rules.*,
        changes.subject_kind,
        changes.subject,
        changes.since - rules.hours * rules.longest_gap as since
    from changes
    inner join rules on changes.rule_code = rules.code
),

last_seen as (
    select
        reaches.code,
        reaches.subject,
        max(series_values.at) as at
    from reaches
    inner join series_values
        on
            reaches.series = series_values.series
            and reaches.subject = series_values.subject
            and reaches.since >= series_values.at
    where reaches.kind = 'silence'
    group by reaches.code, reaches.subject
),

stood_then as (
    {% if is_incremental() %}
    select
        kept.rule_code as code,
        kept.subject,
        min(kept.first_at) as first_at
    from {{ this }} as kept
    inner join reaches on kept.rule_code = reaches.code and kept.subject = reaches.subject
    where kept.first_at < reaches.since and coalesce(kept.cleared_at, 'infinity') >= reaches.since
    group by kept.rule_code, kept.subject
    {% else %}
    select
        null as code,
        null as subject,
        null::timestamptz as first_at
    {% endif %}
),

watched as (
    select
        reaches.*,
        case reaches.kind
            when 'silence' then coalesce(last_seen.at, '-infinity')
            else coalesce(stood_then.first_at, reaches.since)
        end as begins
    from reaches
    left join last_seen on reaches.code = last_seen.code and reaches.subject = last_seen.subject
    left join stood_then on reaches.code = stood_then.code and reaches.subject = stood_then.subject
),

-- Limits. Times `worse`, a greater value is a worse one, whichever the side of the limits.
compared as (
    select
        watched.code,
        watched.subject,
        watched.hours,
        series_values.at,
        series_values.value,
        series_values.value * watched.worse as badness,
        series_values.value * watched.worse >= watched.yellow_on * watched.worse as is_yellow_on,
        series_values.value * watched.worse < watched.yellow_off * watched.worse as is_yellow_off,
        coalesce(series_values.value * watched.worse >= watched.red_on * watched.worse, false) as is_red_on,
        coalesce(series_values.value * watched.worse < watched.red_off * watched.worse, true) as is_red_off,
        coalesce(series_values.at - lag(series_values.at) over in_time > watched.longest_gap, true) as after_gap
    from watched
    inner join series_values
        on
            watched.series = series_values.series
            and watched.subject = series_values.subject
            and watched.begins <= series_values.at
    where watched.kind = 'limit'
    window in_time as (partition by watched.code, watched.subject order by series_values.at)
),

-- Runs of values that reach a limit and follow one another.
numbered as (
    select
        compared.*,
        count(*) filter (where not compared.is_yellow_on or compared.after_gap) over in_time as yellow_run,
        count(*) filter (where not compared.is_red_on or compared.after_gap) over in_time as red_run
    from compared
    window in_time as (partition by code, subject order by at)
),

events as (
    select
        numbered.*,
        case
            when
                numbered.is_yellow_on
                and count(*) filter (where numbered.is_yellow_on) over yellow_so_far >= numbered.hours
                then 1
            when numbered.is_yellow_off then 0
        end as yellow_event,
        case
            when
                numbered.is_red_on and count(*) filter (where numbered.is_red_on) over red_so_far >= numbered.hours
                then 1
            when numbered.is_red_off or numbered.is_yellow_off then 0
        end as red_event,
        min(numbered.at) filter (where numbered.is_yellow_on) over yellow_so_far as run_began_at
    from numbered
    window
        yellow_so_far as (partition by code, subject, yellow_run order by at),
        red_so_far as (partition by code, subject, red_run order by at)
),

-- The last event before a value, or at it, stands: so many events, so many groups, each of which begins with its own.
grouped as (
    select
        events.*,
        count(events.yellow_event) over in_time as yellow_group,
        count(events.red_event) over in_time as red_group
    from events
    window in_time as (partition by code, subject order by at)
),

states as (
    select
        grouped.*,
        coalesce(max(grouped.yellow_event) over (partition by grouped.code, grouped.subject, grouped.yellow_group), 0)
        = 1 as is_yellow,
        coalesce(max(grouped.red_event) over (partition by grouped.code, grouped.subject, grouped.red_group), 0)
        = 1 as is_red
    from grouped
),

changed_states as (
    select
        states.*,
        lag(states.is_yellow, 1, false) over in_time as was_yellow,
        lag(states.is_red, 1, false) over in_time as was_red
    from states
    window in_time as (partition by code, subject order by at)
),

islands as (
    select
        changed_states.*,
        count(*) filter (where changed_states.is_yellow and not changed_states.was_yellow)
            over (partition by changed_states.code, changed_states.subject order by changed_states.at)
            as island
    from changed_states
),

limit_warnings as (
    select
        code,
        subject,
        min(run_began_at) filter (where is_yellow and not was_yellow) as first_at,
        min(at) filter (where is_yellow) as raised_at,
        min(at) filter (where not is_yellow) as cleared_at,
        bool_or(is_red) filter (where is_yellow) as ever_red,
        max(at) filter (where is_yellow and is_red and not (was_red and was_yellow)) as last_red_at,
        max(at) filter (where is_yellow and not is_red and (was_red or not was_yellow)) as last_yellow_at,
        (array_agg(value order by at))[1] as value_at_raise,
        (array_agg(value order by badness desc, at) filter (where is_yellow))[1] as worst_value,
        (array_agg(at order by badness desc, at) filter (where is_yellow))[1] as worst_at,
        (array_agg(value order by at desc))[1] as last_value,
        max(at) as last_at
    from islands
    -- Of what is no warning the value that cleared one.
    where island > 0 and (is_yellow or was_yellow)
    group by code, subject, island
),

-- Silence: from one reading to the next, to the end of a station, or to the as-of moment.
gaps as (
    select
        watched.code,
        watched.subject,
        series_values.at as first_at,
        series_values.at + watched.yellow_on * interval '1 hour' as raised_at,
        series_values.at + watched.red_on * interval '1 hour' as red_at,
        least(
            lead(series_values.at) over (partition by watched.code, watched.subject order by series_values.at),
            case when subjects.ends <= {{ as_of() }} then subjects.ends end
        ) as cleared_at,
        watched.yellow_on
    from watched
    inner join series_values
        on
            watched.series = series_values.series
            and watched.subject = series_values.subject
            and watched.begins <= series_values.at
    inner join subjects on watched.subject_kind = subjects.subject_kind and watched.subject = subjects.subject
    where watched.kind = 'silence'
),

silences as (
    select
        gaps.*,
        coalesce(gaps.red_at < gaps.cleared_at, gaps.red_at <= {{ as_of() }}, false) as ever_red,
        extract(epoch from coalesce(gaps.cleared_at, {{ as_of() }}) - gaps.first_at)::double precision
        / 3600 as silent_hours
    from gaps
    where coalesce(gaps.raised_at < gaps.cleared_at, gaps.raised_at <= {{ as_of() }})
),

found as (
    select
        code,
        subject,
        first_at,
        raised_at,
        cleared_at,
        ever_red,
        coalesce(last_red_at > coalesce(last_yellow_at, '-infinity'), false) as is_red,
        greatest(last_red_at, last_yellow_at) as level_since,
        value_at_raise,
        worst_value,
        worst_at,
        last_value,
        last_at
    from limit_warnings

    union all

    select
        code,
        subject,
        first_at,
        raised_at,
        cleared_at,
        ever_red,
        ever_red as is_red,
        case when ever_red then red_at else raised_at end as level_since,
        yellow_on as value_at_raise,
        silent_hours as worst_value,
        coalesce(cleared_at, {{ as_of() }}) as worst_at,
        silent_hours as last_value,
        coalesce(cleared_at, {{ as_of() }}) as last_at
    from silences
),

told as (
    select
        md5(concat_ws('/', watched.code, watched.subject, extract(epoch from found.raised_at)::bigint)) as warning_id,
        watched.code as rule_code,
        watched.name_zh as rule_zh,
        watched.kind,
        watched.series,
        watched.indicator_code,
        watched.subject_kind,
        watched.subject,
        coalesce(subjects.subject_zh, watched.subject) as subject_zh,
        case
            when found.cleared_at is not null then 'clear'
            when found.is_red then 'red'
            else 'yellow'
        end as level,
        case when found.ever_red then 'red' else 'yellow' end as worst_level,
        found.first_at,
        found.raised_at,
        coalesce(found.cleared_at, found.level_since) as level_since,
        found.cleared_at,
        found.value_at_raise,
        found.worst_value,
        found.worst_at,
        found.last_value,
        found.last_at,
        watched.unit,
        case when found.ever_red then watched.red_on else watched.yellow_on end as limit_reached,
        watched.yellow_on,
        watched.yellow_off,
        watched.hours,
        watched.direction,
        watched.advice_zh,
        watched.department_code
    from found
    inner join watched on found.code = watched.code and found.subject = watched.subject
    left join subjects on watched.subject_kind = subjects.subject_kind and watched.subject = subjects.subject
),

keys as (
    select warning_id from told
    {% if is_incremental() %}
    union
    select kept.warning_id
    from {{ this }} as kept
    left join watched on kept.rule_code = watched.code and kept.subject = watched.subject
    where
        kept.first_at >= watched.begins
        -- A rule or a series that is no more warns of nothing.
        or watched.code is null and kept.cleared_at is null
    {% endif %}
)

select
    keys.warning_id,
    told.rule_code,
    told.rule_zh,
    told.kind,
    told.series,
    told.indicator_code,
    told.subject_kind,
    told.subject,
    told.subject_zh,
    told.level,
    {{ warning_level_zh('told.level') }} as level_zh,
    told.worst_level,
    told.first_at,
    told.raised_at,
    told.level_since,
    told.cleared_at,
    told.value_at_raise,
    told.worst_value,
    told.worst_at,
    told.last_value,
    told.last_at,
    told.unit,
    told.limit_reached,
    {{ warning_reason_zh('told') }} as reason_zh,
    told.advice_zh,
    told.department_code,
    departments.name_zh as department_zh,
    {{ as_of() }} as as_of,
    now() as evaluated_at
from keys
left join told on keys.warning_id = told.warning_id
left join departments on told.department_code = departments.code
