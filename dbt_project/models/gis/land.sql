-- Grain: one feature of a kind of polygons, of the layer in force of its kind.
with features as (
    select * from {{ ref('features_in_force') }}
    where kind_geometry = 'polygon'
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
    st_multi(st_collectionextract(geom, 3)) as geom
from features
