{# A seed table of an earlier release gains the columns that its type list has since: dbt itself only empties and fills it. #}
{% macro add_missing_columns() -%}
    {%- if execute -%}
        alter table if exists {{ this }}
        {% for column, type in config.get('column_types').items() -%}
            add column if not exists "{{ column }}" {{ type }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
