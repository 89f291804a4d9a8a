{# The name of a feature, by what people call the attribute; empty ones are none. #}
{% macro feature_name(attributes) -%}
    coalesce(
    {%- for name in ['name', 'name_zh', '名称', 'Name', 'NAME'] %}
        nullif({{ attributes }} ->> '{{ name }}', ''){{ ',' if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}
