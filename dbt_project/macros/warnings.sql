{# Early warning: words and rules that its models share (docs/warnings.md). #}

{% macro series_zh(series) -%}
    case
        when {{ series }} = 'air_aqi_hour' then '空气质量指数（小时）'
        when {{ series }} = 'station_pm2_5_hour' then '细颗粒物小时浓度'
        when {{ series }} = 'good_day_share' then '今年以来优良天数比率'
        when {{ series }} = 'peak_speed_day' then '高峰平均车速'
        when {{ series }} = 'air_station' then '站点读数'
        when {{ series }} like 'feed_%' then '到件'
        else {{ series }}
    end
{%- endmacro %}


{# House: after a gap longer than six steps of a series, values no longer follow one another. #}
{% macro longest_gap(series) -%}
    case when {{ series }} in ('good_day_share', 'peak_speed_day') then interval '6 days' else interval '6 hours' end
{%- endmacro %}


{# A moment as people write it, in the city's time; the minutes where there are any. #}
{% macro moment_zh(moment) -%}
    to_char(
        {{ moment }} at time zone 'Asia/Shanghai',
        case
            when date_trunc('hour', {{ moment }}) = {{ moment }} then 'YYYY"年"FMMM"月"FMDD"日"FMHH24"时"'
            else 'YYYY"年"FMMM"月"FMDD"日"FMHH24"时"MI"分"'
        end
    )
{%- endmacro %}


{# When a value of a series was: an hour, or the day that ended then. #}
{% macro value_moment_zh(series, moment) -%}
    case
        when {{ series }} in ('good_day_share', 'peak_speed_day')
            then to_char({{ moment }} at time zone 'Asia/Shanghai' - interval '1 day', 'YYYY"年"FMMM"月"FMDD"日"')
        else {{ moment_zh(moment) }}
    end
{%- endmacro %}


{# A measured value as people write it: one decimal at most. #}
{% macro measured_zh(value) -%}
    trim_scale(round(({{ value }})::numeric, 1))::text
{%- endmacro %}


{% macro warning_level_zh(level) -%}
    case {{ level }}
        when 'red' then '红色预警'
        when 'yellow' then '黄色预警'
        when 'clear' then '已解除'
    end
{%- endmacro %}


{# Grades of air by its index (HJ 633—2012, table 2). #}
{% macro aqi_grade_zh(aqi) -%}
    case
        when {{ aqi }} <= 50 then '优'
        when {{ aqi }} <= 100 then '良'
        when {{ aqi }} <= 150 then '轻度污染'
        when {{ aqi }} <= 200 then '中度污染'
        when {{ aqi }} <= 300 then '重度污染'
        when {{ aqi }} > 300 then '严重污染'
    end
{%- endmacro %}


{# A list of pollutants (so2;pm2_5) in Chinese. #}
{% macro pollutants_zh(codes) -%}
    (
        select
            string_agg(
                case trim(parts.code)
                    when 'so2' then '二氧化硫'
                    when 'no2' then '二氧化氮'
                    when 'co' then '一氧化碳'
                    when 'o3' then '臭氧'
                    when 'o3_8h' then '臭氧8小时'
                    when 'pm10' then '可吸入颗粒物'
                    when 'pm2_5' then '细颗粒物'
                    else trim(parts.code)
                end,
                '、' order by parts.place
            )
        from regexp_split_to_table({{ codes }}, '[;,]') with ordinality as parts (code, place)
        where trim(parts.code) <> ''
    )
{%- endmacro %}


{# Of an air mart: rows derived since its last run. An hour is gone back, since a derivation that began earlier may have
   been stored later; rows that are there already are left out. #}
{% macro derived_since(observed, moment) -%}
    {%- if is_incremental() -%}
        where {{ observed }}.derived_at > (
            select coalesce(max(kept.derived_at), '-infinity') - interval '1 hour' from {{ this }} as kept
        )
        and not exists (
            select 1
            from {{ this }} as kept
            where kept.subject_kind = {{ observed }}.subject_kind
                and kept.subject = {{ observed }}.subject
                and kept.{{ moment }} = {{ observed }}.{{ moment }}
                and kept.derived_at = {{ observed }}.derived_at
        )
    {%- endif -%}
{%- endmacro %}


{# After an air mart took what is new: what is no longer derived is gone here, too. #}
{% macro forget_what_is_gone(observed, moment) -%}
    delete from {{ this }} as kept
    where not exists (
        select 1
        from {{ source('watched', observed) }} as observed
        where observed.subject_kind = kept.subject_kind
            and observed.subject_code = kept.subject
            and observed.{{ moment }} = kept.{{ moment }}
    )
{%- endmacro %}


{# Why there is a warning, in a sentence: which value, when, which limit, and how it went on. #}
{% macro warning_reason_zh(told) -%}
    case {{ told }}.kind
        when 'silence' then
            {{ told }}.subject_zh || '自' || {{ moment_zh(told ~ '.first_at') }} || '起没有新的'
            || {{ series_zh(told ~ '.series') }}
            || case
                when {{ told }}.cleared_at is null
                    then '，至' || {{ moment_zh(told ~ '.last_at') }} || '已' || {{ measured_zh(told ~ '.last_value') }}
                else '，共' || {{ measured_zh(told ~ '.last_value') }}
            end
            || '小时，达到' || {{ measured_zh(told ~ '.limit_reached') }} || '小时的'
            || case {{ told }}.worst_level when 'red' then '红色' else '黄色' end || '界限'
            || coalesce('；' || {{ moment_zh(told ~ '.cleared_at') }} || '恢复', '') || '。'
        else
            {{ told }}.subject_zh || {{ series_zh(told ~ '.series') }} || '于'
            || {{ value_moment_zh(told ~ '.series', told ~ '.raised_at') }} || '为' || {{ measured_zh(told ~ '.value_at_raise') }}
            || case {{ told }}.unit when '指数' then '' else {{ told }}.unit end
            || case when {{ told }}.hours > 1 then '，连续' || {{ told }}.hours || '个值' else '，' end
            || case {{ told }}.direction when 'above' then '达到或超过' else '达到或低于' end
            || {{ measured_zh(told ~ '.yellow_on') }} || '的黄色界限'
            || case
                when {{ told }}.worst_level = 'red' then
                    '；最' || case {{ told }}.direction when 'above' then '高' else '低' end
                    || {{ measured_zh(told ~ '.worst_value') }} || '（' || {{ value_moment_zh(told ~ '.series', told ~ '.worst_at') }}
                    || '），' || case {{ told }}.direction when 'above' then '达到或超过' else '达到或低于' end
                    || {{ measured_zh(told ~ '.limit_reached') }} || '的红色界限'
                else ''
            end
            || case
                when {{ told }}.cleared_at is null
                    then
                        '；' || {{ value_moment_zh(told ~ '.series', told ~ '.last_at') }} || '为'
                        || {{ measured_zh(told ~ '.last_value') }}
                else
                    '；' || {{ value_moment_zh(told ~ '.series', told ~ '.cleared_at') }} || '回到'
                    || {{ measured_zh(told ~ '.last_value') }} || '，已解除'
            end || '。'
    end
{%- endmacro %}
