-- Grain: one accepted feature of the layer in force of its kind.
-- In force is the layer with the latest date, of equal dates the one received last.
with features as (
    select * from {{ source('gate', 'current_layer_feature') }}
    where
        verdict = 'accepted'
        and geometry is not null
        and valid_on is not null
        and received_at <= {{ as_of() }}
),

kinds as (
    {{ latest_known('layer_kinds', ['code']) }}
),

layers as (
    select distinct on (kind)
        kind,
        valid_on,
        gate_run_id
    from features
    order by kind, valid_on desc, received_at desc, arrival_id desc
)

select
    features.kind,
    kinds.name_zh as kind_zh,
    kinds.geometry as kind_geometry,
    features.valid_on,
    features.arrival_id,
    features.line_no,
    features.filename,
    features.attributes::jsonb as attributes,
    {{ feature_name('features.attributes::jsonb') }} as name_zh,
    st_force2d(st_geomfromwkb(features.geometry, 4490)) as geom
from features
inner join layers
    on
        features.kind = layers.kind
        and features.valid_on = layers.valid_on
        and features.gate_run_id = layers.gate_run_id
inner join kinds on features.kind = kinds.code
