{# A text without white space, punctuation and differences of width: what of it says something. PostgreSQL's own classes
   know no Chinese punctuation in the locale C. #}
{% macro plain_text(x) -%}
    regexp_replace(
        normalize(coalesce({{ x }}, ''), nfkc), '[[:space:][:punct:]、。“”‘’—…·《》〈〉【】「」『』〔〕〜～]', '', 'g'
    )
{%- endmacro %}


{# Whether an answer to 存在的问题 names one: 无, 暂无, 没有 and their like do not. #}
{% macro says_problem(x) -%}
    {{ plain_text(x) }} !~* '^(((目前|当前|现阶段|本期|截至目前)?(暂时?|尚|均|并)?(无|没有|不存在|未发现|未遇到|未出现))(明显|突出|重大|较大|特殊|其他|其它|存在|需协调|需要协调)?的?(问题|困难|难点|情况|事项)*|none|nil|no|na|0)?$'
{%- endmacro %}


{# Whether a field says something: 无, 暂无 and their like do not. No such answer is long: most texts are spared the look. #}
{% macro says_something(x) -%}
    (length(coalesce({{ x }}, '')) > 24 or {{ says_problem(x) }})
{%- endmacro %}


{# How many of a line's six fields are filled: five texts, the percentage. 「无」 fills 存在的问题 only; what is finished needs
   no next step. #}
{% macro fields_filled(line) -%}
    {{ says_something(line ~ '.work_text') }}::integer
    + {{ says_something(line ~ '.status_text') }}::integer
    + {{ says_something(line ~ '.focus_text') }}::integer
    + ({{ says_something(line ~ '.problems_text') }} or {{ plain_text(line ~ '.problems_text') }} <> '')::integer
    + (coalesce({{ line }}.percent >= 100, false) or {{ says_something(line ~ '.next_text') }})::integer
    + ({{ line }}.percent is not null)::integer
{%- endmacro %}


{# How alike two plain texts are, 0–1: Dice's coefficient over their distinct pairs of neighbouring characters, which
   works for Chinese without words (pg_trgm ignores Chinese in the locale C). Null where one has less than two characters. #}
{% macro text_similarity(a, b) -%}
    (
        select 2.0 * count(*) filter (where pairs.in_a and pairs.in_b)
            / nullif(count(*) filter (where pairs.in_a) + count(*) filter (where pairs.in_b), 0)
        from (
            select
                both_texts.pair,
                bool_or(both_texts.is_a) as in_a,
                bool_or(not both_texts.is_a) as in_b
            from (
                select
                    substr({{ a }}, place, 2) as pair,
                    true as is_a
                from generate_series(1, length({{ a }}) - 1) as places (place)
                union all
                select
                    substr({{ b }}, place, 2) as pair,
                    false as is_a
                from generate_series(1, length({{ b }}) - 1) as places (place)
            ) as both_texts
            group by both_texts.pair
        ) as pairs
        where length({{ a }}) >= 2 and length({{ b }}) >= 2
    )::double precision
{%- endmacro %}


{# A number of minutes as people say it: 40 分钟, 3 小时 5 分钟, 2 天 3 小时. #}
{% macro duration_zh(minutes) -%}
    case
        when {{ minutes }} < 60 then {{ minutes }} || ' 分钟'
        when {{ minutes }} < 1440
            then {{ minutes }} / 60 || ' 小时' || coalesce(' ' || nullif({{ minutes }} % 60, 0) || ' 分钟', '')
        else {{ minutes }} / 1440 || ' 天' || coalesce(' ' || nullif({{ minutes }} % 1440 / 60, 0) || ' 小时', '')
    end
{%- endmacro %}


{# Whether a theme fits a problem: one of its keywords (;) stands in the text. Without keywords it fits all. #}
{% macro theme_fits(keywords, x) -%}
    (
        {{ keywords }} is null
        or exists (
            select 1
            from unnest(string_to_array({{ keywords }}, ';')) as words (word)
            where trim(words.word) <> '' and position(trim(words.word) in {{ x }}) > 0
        )
    )
{%- endmacro %}


{# Whether a file was made by a program for showing: it says so in its name, or where a line says whence it comes (the
   source of a value, who is responsible for a task). What a department writes about its work does not make it so. #}
{% macro is_synthetic(filename, origin) -%}
    concat_ws(' ', {{ filename }}, {{ origin }}) like '%合成数据%'
{%- endmacro %}
