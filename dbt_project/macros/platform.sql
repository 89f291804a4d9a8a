{# Documents of the read-only interface (schema platform): key, document, and since when the document says what it says.
   The moment is that of the build in which it changed, so that a reader can ask for what is new since it last asked. #}
{% macro documents_since(rows) -%}
    {%- set before = load_relation(this) if execute -%}
    select
        {{ rows }}.key,
        {% if before and before.type == 'table' -%}
            coalesce(standing.updated_at, now()) as updated_at,
        {%- else -%}
            now() as updated_at,
        {%- endif %}
        {{ rows }}.document
    from {{ rows }}
    {%- if before and before.type == 'table' %}
    left join {{ this }} as standing on {{ rows }}.key = standing.key and {{ rows }}.document = standing.document
    {%- endif %}
{%- endmacro %}
