{# What officials read for each code. #}
{% macro state_zh(state) -%}
    case {{ state }}
        when 'value' then '有值'
        when 'no_standard' then '无标准'
        when 'missing' then '未报'
        when 'refused' then '未通过校验'
        when 'not_applicable' then '不适用'
    end
{%- endmacro %}


{% macro state_order(state) -%}
    case {{ state }}
        when 'value' then 1
        when 'no_standard' then 2
        when 'missing' then 3
        when 'refused' then 4
        when 'not_applicable' then 5
    end
{%- endmacro %}


{% macro status_zh(status) -%}
    case {{ status }}
        when 'official' then '国家指标'
        when 'proposed' then '拟议特色指标'
        when 'adopted' then '特色指标'
        when 'dropped' then '已取消'
        when 'listed' then '国家指标（内容未取得）'
    end
{%- endmacro %}


{% macro source_kind_zh(source_kind) -%}
    case {{ source_kind }}
        when 'departmental' then '部门填报'
        when 'layers' then '图层测算'
        when 'imagery' then '影像测算'
        when 'mobility' then '移动数据测算'
        when 'air_quality' then '站点测算'
        when 'yearbook' then '统计资料'
        else {{ source_kind }}
    end
{%- endmacro %}


{% macro warning_zh(warning) -%}
    case {{ warning }}
        when 'red' then '红色预警'
        when 'yellow' then '黄色预警'
        when 'none' then '无预警'
        when 'not_judged' then '未作判断'
    end
{%- endmacro %}


{# A target as people write it: ≥ 70 %, 4 – 8 %; null where there is none. #}
{% macro target_text(target) -%}
    case {{ target }}.operator
        when '>=' then '≥ ' || {{ number_text(target ~ '.value') }}
        when '<=' then '≤ ' || {{ number_text(target ~ '.value') }}
        when 'range' then {{ number_text(target ~ '.value') }} || ' – ' || {{ number_text(target ~ '.value_high') }}
    end || coalesce(' ' || {{ target }}.unit, '')
{%- endmacro %}


{# The formula in words, with the names of its items. #}
{% macro formula_zh(indicator, numerator, denominator) -%}
    case {{ indicator }}.formula_kind
        when 'ratio' then {{ numerator }} || ' ÷ ' || {{ denominator }}
        when 'lag_ratio' then {{ numerator }} || ' ÷ 上年' || {{ denominator }}
        when 'growth' then '（本年 − 上年）÷ 上年：' || {{ numerator }}
        when 'maximum' then '各区域最大值：' || {{ numerator }}
        when 'value' then {{ numerator }}
        else coalesce({{ indicator }}.no_formula_reason_zh, '没有公式')
    end || case
        when {{ indicator }}.scale <> 1 and {{ indicator }}.formula_kind <> 'none'
            then ' × ' || {{ number_text(indicator ~ '.scale') }}
        else ''
    end
{%- endmacro %}


{# One row per area code: its latest span, for a name to show. #}
{% macro current_areas() -%}
    select distinct on (code) *
    from {{ ref('stg_catalogue__areas') }}
    order by code, valid_from desc nulls last
{%- endmacro %}


{% macro timeliness_zh(timeliness) -%}
    case {{ timeliness }}
        when 'on_time' then '按时'
        when 'same_day_late' then '当日迟报'
        when 'late' then '迟报'
        when 'missing' then '未报'
    end
{%- endmacro %}


{# The four sections of a department's self-check. #}
{% macro section_zh(section) -%}
    case {{ section }}
        when 'status' then '现状简述'
        when 'highlights' then '建设亮点'
        when 'problems' then '存在问题'
        when 'measures' then '改进措施'
    end
{%- endmacro %}


{% macro importance_basis_zh(basis) -%}
    case {{ basis }}
        when 'stated' then '问卷直接询问'
        when 'derived' then '与总体满意度的相关系数 × 100'
    end
{%- endmacro %}


{# Quadrants of Martilla and James (1977): keep up the good work, concentrate here, low priority, possible overkill. #}
{% macro quadrant_zh(quadrant) -%}
    case {{ quadrant }}
        when 'keep' then '优势保持区'
        when 'concentrate' then '重点改进区'
        when 'low_priority' then '次要改进区'
        when 'possible_overkill' then '锦上添花区'
    end
{%- endmacro %}


{% macro perception_match_zh(match) -%}
    case {{ match }}
        when 'match' then '一致'
        when 'objective_higher' then '指标好于感受'
        when 'subjective_higher' then '感受好于指标'
        when 'not_judged' then '未作判断'
    end
{%- endmacro %}


{% macro difficulty_state_zh(state) -%}
    case {{ state }}
        when 'raised' then '提出'
        when 'assigned' then '交办'
        when 'settled' then '办结'
    end
{%- endmacro %}


{% macro report_state_zh(state) -%}
    case {{ state }}
        when 'draft' then '草稿'
        when 'expert_review' then '专家论证'
        when 'submitted' then '提交'
    end
{%- endmacro %}
