-- Grain: one measured coverage of one area, as measured last: served land, or communities that have a facility.
with measurements as (
    select
        *,
        split_part(layer_kinds, ';', 1) as measured_kind,
        case when method = 'count_with' then 'count' else 'area' end as whole_method
    from ({{ latest_known('measurements', ['code']) }}) as known
),

measured as (
    select distinct on (measurement, area_code)
        measurement,
        item_code,
        area_code,
        period,
        value,
        unit,
        received_at
    from {{ ref('stg_gate__measured_values') }}
    where verdict = 'accepted' and value is not null
    order by measurement, area_code, period desc, received_at desc, arrival_id desc, line_key
),

-- What the served part is a part of: all that the measured layer holds.
wholes as (
    select distinct on (measurements.measured_kind, measurements.method, measured.area_code)
        measurements.measured_kind,
        measurements.method,
        measured.area_code,
        measured.period,
        measured.value,
        measured.unit
    from measured
    inner join measurements on measured.measurement = measurements.code
    where measurements.method in ('area', 'count')
    order by measurements.measured_kind, measurements.method, measured.area_code, measurements.code
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

boundaries as (
    select * from {{ ref('area_boundary') }}
)

select
    cast(row_number() over (order by measured.measurement, measured.area_code) as integer) as id,
    measured.measurement,
    measured.item_code,
    items.name_zh as item_zh,
    measured.area_code,
    boundaries.name_zh as area_zh,
    measured.period,
    measured.value,
    measured.unit,
    wholes.value as whole_value,
    measured.value / nullif(wholes.value, 0) as share,
    measured.received_at,
    boundaries.geom
from measured
inner join measurements on measured.measurement = measurements.code
inner join items on measured.item_code = items.code
inner join boundaries on measured.area_code = boundaries.area_code
left join wholes
    on
        measurements.measured_kind = wholes.measured_kind
        and measurements.whole_method = wholes.method
        and measured.area_code = wholes.area_code
        and measured.period = wholes.period
        and measured.unit = wholes.unit
where measurements.method like 'served_land%' or measurements.method = 'count_with'
