{# The moment up to which things count as known: the variable as_of (with its UTC offset), or now. #}
{% macro as_of() -%}
    {%- if var('as_of', none) -%} timestamptz '{{ var("as_of") }}' {%- else -%} now() {%- endif -%}
{%- endmacro %}


{# Whether a catalogue row counted then: known from the day known_from on (empty: always), and no longer from the day
   known_until on (empty: it still counts). Days of the city's time.
   Read through jsonb, because a seed file may leave the columns out altogether. #}
{% macro known(row) -%}
    coalesce((to_jsonb({{ row }}) ->> 'known_from')::date::timestamp at time zone 'Asia/Shanghai' <= {{ as_of() }}, true)
    and coalesce((to_jsonb({{ row }}) ->> 'known_until')::date::timestamp at time zone 'Asia/Shanghai' > {{ as_of() }}, true)
{%- endmacro %}


{# The rows of a seed that were known by then; of several rows with one key, the one that became known last. #}
{% macro latest_known(seed, key) -%}
    select distinct on ({{ key | join(', ') }}) seed.*
    from {{ ref(seed) }} as seed
    where {{ known('seed') }}
    order by {{ key | join(', ') }}, (to_jsonb(seed) ->> 'known_from')::date desc nulls last
{%- endmacro %}
