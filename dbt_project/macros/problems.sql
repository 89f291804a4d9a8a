{# The list of problems (城市病清单): what its models share. docs/problems-and-rectification.md says it in words. #}

{# A problem is known by what it is about, never by when or in which run it was found. #}
{% macro problem_id(code, area_code, is_headline) -%}
    {{ code }} || case when {{ is_headline }} then '' else '@' || {{ area_code }} end
{%- endmacro %}


{# A text without what does not change its meaning: width, case, white space, punctuation. By no locale, so that an id is
   the same everywhere; cityhealth.quality.problems says the same in Python. #}
{% macro folded(x) -%}
    lower(regexp_replace(
        normalize({{ x }}, nfkc), '[[:space:]!-/:-@\[-`{-~、。“”‘’—…·《》〈〉【】「」『』〔〕〜～]', '', 'g'
    ))
{%- endmacro %}


{# A question is known by its code, what it asks and the survey that asks it; the year and number in a survey's title make
   no other survey. #}
{% macro question_id(survey, code, asked) -%}
    'SV-' || {{ code }} || '-' || left(encode(sha256(convert_to(
        regexp_replace({{ folded(survey) }}, '第?[0-9]+(年度|年|季度|月|次|轮|期)?', '', 'g') || '|' || {{ folded(asked) }}, 'UTF8'
    )), 'hex'), 4)
{%- endmacro %}


{# What a source said, in words: of the columns `<as>_source`, `<as>_in`, `<as>_survey_zh`, `<as>_year`, `<as>_value`,
   `<as>_upper`, `<as>_threshold`, `<as>_compared_with`, `<as>_target_text` and `<as>_score`. #}
{% macro said_zh(as) -%}
    concat(
        case {{ as }}_source
            when 'survey' then {{ as }}_in || ' ' || {{ as }}_survey_zh || '，'
            when 'third_party' then {{ as }}_in || '评估，'
            else {{ as }}_year || ' 年度体检，'
        end,
        named.area_zh, case when named.is_of_survey then '满意度' end,
        coalesce(
            '为 ' || {{ number_text('round(' ~ as ~ '_value::numeric, case when named.is_of_survey then 1 else 4 end)') }}
            || ' ' || named.unit,
            '（该波次其后又有答卷，当时的数值不再列出）'
        ),
        {{ upper_zh(as ~ '_upper', as ~ '_threshold') }},
        case
            when {{ as }}_source = 'peer'
                then '，同类城市中位数 ' || {{ number_text('round(' ~ as ~ '_compared_with::numeric, 4)') }}
        end,
        '，目标 ' || {{ as }}_target_text, '，得分 ' || {{ number_text('round(' ~ as ~ '_score::numeric, 1)') }}
    )
{%- endmacro %}


{# Of an area the upper end of the interval is judged; null elsewhere. #}
{% macro upper_zh(upper, threshold) -%}
    '（95% 置信区间上限 ' || {{ number_text('round(' ~ upper ~ '::numeric, 1)') }}
    || coalesce(' 低于 ' || {{ number_text(threshold) }}, '') || '）'
{%- endmacro %}


{# How much worse than before, as a share of it; worse than a year that had zero is more than any share. Null where the
   indicator has no better and worse, or a year is missing. #}
{% macro worse_share(direction, value, previous) -%}
    case
        when {{ direction }} not in ('higher', 'lower') then null
        when {{ previous }} = 0
            then case
                when ({{ direction }} = 'lower' and {{ value }} > 0) or ({{ direction }} = 'higher' and {{ value }} < 0)
                    then 'infinity'::double precision
                else 0
            end
        else {{ settled('case ' ~ direction ~ " when 'higher' then " ~ previous ~ ' - ' ~ value ~ ' else ' ~ value ~ ' - ' ~ previous ~ ' end / abs(' ~ previous ~ ')') }}
    end
{%- endmacro %}


{# Of the rules (a CTE of that name) that were known then and that a value meets, the worst, then the first; no row where
   it meets none. #}
{% macro worst_rule(said, moment) -%}
    left join lateral (
        select
            rules.code,
            rules.name_zh,
            rules.description_zh,
            rules.severity,
            rules.severity_rank,
            rules.threshold
        from rules
        where
            rules.source = {{ said }}.source
            and {{ moment }} >= rules.known_from
            and {{ moment }} < rules.known_until
            and case rules.condition
                when 'bottom_line' then {{ said }}.category = '底线指标' and {{ said }}.points < 100
                when 'decline_above' then {{ said }}.worse_share > rules.threshold
                when 'worse_than_median' then {{ said }}.worse_share > rules.threshold
                else {{ said }}.points < rules.threshold
            end
        order by rules.severity_rank, rules.sort_order, rules.code
        limit 1
    ) as rule on true
{%- endmacro %}


{# What the latest edition of each reporting period says, once there are editions: a database in which no summary ever
   ran has no such table, and a build of all marts makes none. #}
{% macro scorecards_of_periods() -%}
    {%- set relation, periods = ref('indicator_scorecard_asof_editions'), ref('int_problem_periods') -%}
    {%- set found = adapter.get_relation(relation.database, relation.schema, relation.identifier) if execute -%}
    {%- set columns = adapter.get_columns_in_relation(found) | map(attribute='name') | list if found else [] -%}
    {%- if found -%}
        select
            finished.cutoff,
            kept.period,
            kept.system,
            kept.year,
            kept.code,
            kept.area_code,
            kept.value,
            kept.previous_value,
            kept.state,
            kept.score,
            kept.target_text,
            kept.synthetic,
            {# An edition of an earlier release has no other areas. #}
            {{ 'kept.other_areas' if 'other_areas' in columns else "'[]'" }}::jsonb as other_areas
        from {{ relation }} as kept
        inner join {{ periods }} as finished
            on kept.period = finished.period and kept.edition = finished.edition
    {%- else -%}
        select
            null::timestamptz as cutoff,
            null::text as period,
            null::text as system,
            null::integer as year,
            null::text as code,
            null::text as area_code,
            null::double precision as value,
            null::double precision as previous_value,
            null::text as state,
            null::double precision as score,
            null::text as target_text,
            null::boolean as synthetic,
            null::jsonb as other_areas
        where false
    {%- endif -%}
{%- endmacro %}


{% macro severity_zh(severity) -%}
    case {{ severity }} when 'high' then '严重' when 'medium' then '较重' when 'low' then '一般' end
{%- endmacro %}


{% macro problem_status_zh(status) -%}
    case {{ status }}
        when 'open' then '未整改'
        when 'in_progress' then '整改中'
        when 'awaiting_verification' then '措施完成待验证'
        when 'closed' then '已销号'
    end
{%- endmacro %}


{% macro measure_status_zh(status) -%}
    case {{ status }}
        when 'planned' then '未开始'
        when 'under_way' then '整改中'
        when 'done' then '已完成'
        when 'cancelled' then '已取消'
    end
{%- endmacro %}


{# Milestones as people read them: 2021-07-31 完成排查；2021-09-30 完成改造. #}
{% macro milestones_zh(milestones) -%}
    (
        select string_agg(concat_ws(' ', steps.step ->> 'due', nullif(steps.step ->> 'text', '')), '；' order by steps.place)
        from jsonb_array_elements({{ milestones }}) with ordinality as steps (step, place)
    )
{%- endmacro %}


{# A day as people write it. #}
{% macro day_zh(day) -%}
    to_char({{ day }}, 'YYYY"年"FMMM"月"FMDD"日"')
{%- endmacro %}


{# Whose word closed a problem. #}
{% macro seen_by_zh(source) -%}
    case {{ source }}
        when 'survey' then '满意度调查'
        when 'third_party' then '第三方评估'
        when 'peer' then '与同类城市比较'
        else '的数值'
    end
{%- endmacro %}
