{# Schemas are exactly staging, intermediate, marts, catalogue: one warehouse per database, never a prefix. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
