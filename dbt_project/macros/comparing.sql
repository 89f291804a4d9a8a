{# The name of a unit without white space and differences of width; its signs are kept, since % is one. #}
{% macro plain_unit(x) -%}
    regexp_replace(normalize(coalesce({{ x }}, ''), nfkc), '[[:space:]]', '', 'g')
{%- endmacro %}


{# A number in a sentence: two digits behind the point, four below 1. The marts hold the number itself. #}
{% macro short_number(x) -%}
    trim_scale(round(({{ x }})::numeric, case when abs({{ x }}) >= 1 then 2 else 4 end))::text
{%- endmacro %}


{# A number with its unit as people write it: 83.5%, 12 平方公里. #}
{% macro with_unit(x, unit) -%}
    {{ short_number(x) }} || case when {{ unit }} = '%' then '%' else coalesce(' ' || {{ unit }}, '') end
{%- endmacro %}


{# How far two values are apart, with its unit: shares of a hundred are so many points apart, 8.26个百分点, not 8.26%. #}
{% macro difference_with_unit(x, unit) -%}
    {{ short_number(x) }} || case {{ unit }}
        when '%' then '个百分点'
        when '‰' then '个千分点'
        else coalesce(' ' || {{ unit }}, '')
    end
{%- endmacro %}


{# Whether a is better than b, by the indicator's direction; null where neither is, or where no side is the better. #}
{% macro is_better(direction, a, b) -%}
    case
        when {{ same_number(a, b) }} then null
        when {{ direction }} = 'higher' then {{ a }} > {{ b }}
        when {{ direction }} = 'lower' then {{ a }} < {{ b }}
    end
{%- endmacro %}


{# A rule of comparisons in grading.csv, of which the house decides. #}
{% macro comparison_rule(code) -%}
    (
        select max(rules.parameter)
        from {{ ref('stg_catalogue__gradings') }} as rules
        where rules.kind = 'comparison' and rules.code = '{{ code }}'
    )
{%- endmacro %}


{% macro peer_kind_zh(kind) -%}
    case {{ kind }}
        when 'city' then '同类城市'
        when 'province' then '省份'
    end
{%- endmacro %}


{% macro comparison_zh(comparison) -%}
    case {{ comparison }}
        when 'target' then '与目标值比'
        when 'previous_year' then '与上年比'
        when 'peer' then '与同类城市比'
        when 'third_party' then '与第三方比'
    end
{%- endmacro %}


{% macro weighting_zh(weighting) -%}
    case {{ weighting }}
        when 'equal' then '等权'
        when 'entropy' then '熵权法'
        when 'critic' then 'CRITIC 法'
    end
{%- endmacro %}
