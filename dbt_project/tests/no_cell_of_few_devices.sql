-- A row of a mart that rests on fewer devices than the catalogue asks for: someone could be known by it.
{{ config(
    severity='error',
    meta={
        'owner': 'engineer',
        'category': 'privacy',
        'description_zh': '移动数据成果中有设备数少于规定数量的行，可能识别到个人',
        'description_en': 'A mart of movement data has a row of fewer devices than allowed, by which someone could be known',
        'what_to_do_zh': '不要使用或发布本次构建的结果；检查 cityhealth.mobility 的最少设备数筛选',
        'what_to_do_en': 'Neither use nor publish this build; look at the filter by devices in cityhealth.mobility',
    }
) }}

with least as (
    select max(substring(parameters from 'least_devices=([0-9]+)')::bigint) as devices
    from {{ ref('layer_kinds') }}
),

shown as (
    select
        'presence_cell' as mart,
        grid_cell as place,
        devices
    from {{ ref('presence_cell') }}
    union all
    select
        'commute_flow' as mart,
        home_area || ' ' || work_area as place,
        devices
    from {{ ref('commute_flow') }}
    union all
    select
        'peak_speed_day' as mart,
        area_code || ' ' || day as place,
        devices
    from {{ ref('peak_speed_day') }}
    union all
    select
        'measured_value' as mart,
        line_key as place,
        devices
    from {{ ref('measured_value') }}
    where value is not null
)

select
    shown.mart,
    shown.place,
    shown.devices
from shown
cross join least
where shown.devices < least.devices
