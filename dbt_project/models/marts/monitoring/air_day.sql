-- Grain: one station, or the city, and day (HJ 633—2012).
{{ config(
    unique_key=['subject_kind', 'subject', 'day'],
    indexes=[{'columns': ['subject_kind', 'subject', 'day']}, {'columns': ['stored_at']}],
    post_hook="{{ forget_what_is_gone('air_day', 'day') }}"
) }}
with observed as (
    select
        subject_kind,
        subject_code as subject,
        day,
        so2,
        no2,
        co,
        o3_8h,
        pm10,
        pm2_5,
        aqi,
        primary_pollutants,
        is_valid,
        station_count,
        derived_at
    from {{ source('watched', 'air_day') }}
),

subjects as (
    select * from {{ ref('stg_monitoring__subjects') }}
)

select
    observed.subject_kind,
    observed.subject,
    coalesce(subjects.subject_zh, observed.subject) as subject_zh,
    observed.day,
    observed.so2,
    observed.no2,
    observed.co,
    observed.o3_8h,
    observed.pm10,
    observed.pm2_5,
    observed.aqi,
    {{ aqi_grade_zh('observed.aqi') }} as aqi_grade_zh,
    {{ pollutants_zh('observed.primary_pollutants') }} as primary_pollutants_zh,
    observed.is_valid,
    observed.station_count,
    observed.derived_at,
    now() as stored_at
from observed
left join subjects on observed.subject_kind = subjects.subject_kind and observed.subject = subjects.subject
{{ derived_since('observed', 'day') }}
