{# Equal but for the rounding of binary numbers. #}
{% macro same_number(a, b) -%}
    abs({{ a }} - {{ b }}) <= 1e-9 * greatest(abs({{ a }}), abs({{ b }}))
{%- endmacro %}


{# Freed from the rounding of binary numbers (0.756 of 1.8 is 41.99999999999999 %), so that a number that lies exactly on
   a limit is judged as lying on it. #}
{% macro settled(x) -%}
    round(({{ x }})::numeric, 9)::double precision
{%- endmacro %}


{# |a - b| relative to b; null where b is zero or one is missing, zero where both are zero. #}
{% macro relative_difference(a, b) -%}
    case
        when {{ a }} = {{ b }} then 0.0
        else {{ settled('abs(' ~ a ~ ' - ' ~ b ~ ') / nullif(abs(' ~ b ~ '), 0)') }}
    end
{%- endmacro %}


{# A number as people write it: 70, 0.5, 1234.5678; at most six digits behind the point. #}
{% macro number_text(x) -%}
    trim_scale(round(({{ x }})::numeric, 6))::text
{%- endmacro %}


{# Score 0–100 of v against a target (design, "Formulas that must not be improvised"):
   >= : min(100, 100·v/t) · <= : 100 if v ≤ t, else 100·t/v · range: 100 inside, falling linearly to 0 at one range-width
   outside. Where the quotient has no meaning (t ≤ 0 under >=, v ≤ 0 under <=) a value that misses the target scores 0. #}
{% macro score(v, operator, t, t_high) -%}
    case
        when {{ v }} is null or {{ t }} is null then null
        when {{ operator }} = '>=' then
            case
                when {{ v }} >= {{ t }} then 100
                when {{ t }} > 0 then greatest(0, 100 * {{ v }} / {{ t }})
                else 0
            end
        when {{ operator }} = '<=' then
            case
                when {{ v }} <= {{ t }} then 100
                when {{ v }} > 0 then greatest(0, 100 * {{ t }} / {{ v }})
                else 0
            end
        when {{ operator }} = 'range' then
            case
                when {{ v }} between {{ t }} and {{ t_high }} then 100
                when {{ t_high }} > {{ t }} then greatest(
                    0,
                    100 * (1 - greatest({{ t }} - {{ v }}, {{ v }} - {{ t_high }}) / ({{ t_high }} - {{ t }}))
                )
                else 0
            end
    end
{%- endmacro %}
