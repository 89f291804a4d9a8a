-- Grain: one moment of one watched series of one subject.
-- A row without a value takes one back that is no longer there; the hook then removes both.
{{ config(
    unique_key=['series', 'subject', 'at'],
    indexes=[{'columns': ['series', 'subject', 'at']}, {'columns': ['stored_at']}],
    post_hook="delete from {{ this }} where value is null"
) }}
with hours as (
    select * from {{ ref('air_hour') }}
),

hours_to_read as (
    select * from hours
    {% if is_incremental() %}
    -- Both tables are written under the lock of the monitoring alone: no earlier one is stored later.
    where stored_at > (select coalesce(max(kept.hour_stored_at), '-infinity') from {{ this }} as kept)
    {% endif %}
),

days as (
    select * from {{ ref('air_day') }}
    where subject_kind = 'city' and is_valid and aqi is not null
),

arrivals as (
    select * from {{ source('raw', 'arrival') }}
),

rules as (
    select * from {{ ref('stg_monitoring__rules') }}
),

speeds as (
    select
        speed_day.*,
        -- Of a year the measuring received last stands, whole.
        rank() over (
            partition by speed_day.area_code, date_trunc('year', speed_day.day)
            order by runs.received_at desc, runs.batch_id desc
        ) as place
    from {{ source('watched', 'speed_day') }} as speed_day
    inner join {{ source('gate', 'current_run') }} as runs on speed_day.batch_id = runs.batch_id
    where runs.verdict <> 'refused'
),

shares as (
    select
        subject_kind,
        subject,
        day,
        100.0 * count(*) filter (where aqi <= 100) over year_so_far / count(*) over year_so_far as value,
        count(*) over year_so_far as valid_days
    from days
    window year_so_far as (partition by subject, date_trunc('year', day) order by day)
),

observed as (
    select
        'air_aqi_hour' as series,
        subject_kind,
        subject,
        hour as at,
        aqi::double precision as value,
        '指数' as unit,
        'air_hour' as source_table,
        subject_kind
        || '/'
        || subject
        || '/'
        || to_char(hour at time zone 'Asia/Shanghai', 'YYYY-MM-DD"T"HH24') as source_key,
        stored_at as hour_stored_at
    from hours_to_read
    where subject_kind = 'city'

    union all

    select
        'station_pm2_5_hour' as series,
        subject_kind,
        subject,
        hour as at,
        pm2_5 as value,
        '微克/立方米' as unit,
        'air_hour' as source_table,
        subject_kind
        || '/'
        || subject
        || '/'
        || to_char(hour at time zone 'Asia/Shanghai', 'YYYY-MM-DD"T"HH24') as source_key,
        stored_at as hour_stored_at
    from hours_to_read
    where subject_kind = 'station'

    union all

    select
        'air_station' as series,
        subject_kind,
        subject,
        hour as at,
        nullif(num_nonnulls(so2, no2, co, o3, pm10, pm2_5), 0)::double precision as value,
        '项读数' as unit,
        'air_hour' as source_table,
        subject_kind
        || '/'
        || subject
        || '/'
        || to_char(hour at time zone 'Asia/Shanghai', 'YYYY-MM-DD"T"HH24') as source_key,
        stored_at as hour_stored_at
    from hours_to_read
    where subject_kind = 'station'

    union all

    -- House: a share of fewer than thirty days says nothing of a year.
    select
        'good_day_share' as series,
        subject_kind,
        subject,
        (day + 1)::timestamp at time zone 'Asia/Shanghai' as at,
        value::double precision,
        '%' as unit,
        'air_day' as source_table,
        subject_kind || '/' || subject || '/' || date_trunc('year', day)::date || '/' || day as source_key,
        null::timestamptz as hour_stored_at
    from shares
    where valid_days >= 30

    union all

    select
        'peak_speed_day' as series,
        'area' as subject_kind,
        area_code as subject,
        (day + 1)::timestamp at time zone 'Asia/Shanghai' as at,
        distance_km / nullif(hours, 0) as value,
        '公里/小时' as unit,
        'ops.speed_day' as source_table,
        batch_id || '/' || area_code || '/' || day as source_key,
        null::timestamptz as hour_stored_at
    from speeds
    where place = 1

    union all

    select
        'feed_' || feed as series,
        'feed' as subject_kind,
        feed as subject,
        received_at as at,
        count(*)::double precision as value,
        '份' as unit,
        'raw.arrival' as source_table,
        min(arrival_id) as source_key,
        null::timestamptz as hour_stored_at
    from arrivals
    where
        'feed_' || feed in (
            select rules.series from rules
            where rules.kind = 'silence'
        )
    group by feed, received_at
){% if is_incremental() %},

changed as (
    select observed.*
    from observed
    left join {{ this }} as kept
        on observed.series = kept.series and observed.subject = kept.subject and observed.at = kept.at
    where
        observed.value is distinct from kept.value
        or observed.source_key is distinct from kept.source_key
        or observed.hour_stored_at is distinct from kept.hour_stored_at

    union all

    select
        kept.series,
        kept.subject_kind,
        kept.subject,
        kept.at,
        null as value,
        kept.unit,
        kept.source_table,
        kept.source_key,
        kept.hour_stored_at
    from {{ this }} as kept
    where
        kept.source_table = 'air_hour'
        and not exists (
            select 1
            from hours
            where hours.subject_kind = kept.subject_kind and hours.subject = kept.subject and hours.hour = kept.at
        )

    union all

    select
        kept.series,
        kept.subject_kind,
        kept.subject,
        kept.at,
        null as value,
        kept.unit,
        kept.source_table,
        kept.source_key,
        kept.hour_stored_at
    from {{ this }} as kept
    where
        kept.source_table <> 'air_hour'
        and not exists (
            select 1
            from observed
            where observed.series = kept.series and observed.subject = kept.subject and observed.at = kept.at
        )
)
{%- else %},

changed as (
    select * from observed
)
{%- endif %},

subjects as (
    select * from {{ ref('stg_monitoring__subjects') }}
)

select
    changed.series,
    {{ series_zh('changed.series') }} as series_zh,
    changed.subject_kind,
    changed.subject,
    coalesce(subjects.subject_zh, changed.subject) as subject_zh,
    changed.at,
    changed.value,
    changed.unit,
    changed.source_table,
    changed.source_key,
    changed.hour_stored_at,
    now() as stored_at
from changed
left join subjects on changed.subject_kind = subjects.subject_kind and changed.subject = subjects.subject
