{# The name of a feature, by what people call the attribute; empty ones are none. #}
{% macro feature_name(attributes) -%}
    coalesce(
    {%- for name in ['name', 'name_zh', '名称', 'Name', 'NAME'] %}
        nullif({{ attributes }} ->> '{{ name }}', ''){{ ',' if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}


{# The features in force of kinds of some geometries, each with its shape as one type of geometry; the key is QGIS's. #}
{% macro mapped_features(kind_geometries, shape) -%}
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
    {{ shape }} as geom
from {{ ref('features_in_force') }}
where kind_geometry in ('{{ kind_geometries | join("', '") }}')
{%- endmacro %}
