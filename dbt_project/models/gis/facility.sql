-- Grain: one facility, a point, of the layer in force of its kind.
with features as (
    select * from {{ ref('features_in_force') }}
    where kind_geometry in ('point', 'any')
)

select
    cast(row_number() over (order by kind, line_no) as integer) as id,
    kind,
    kind_zh,
    name_zh,
    attributes,
    valid_on,
    arrival_id,
    line_no,
    filename,
    st_pointonsurface(geom) as geom
from features
