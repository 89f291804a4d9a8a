-- A numerator, denominator or reported value on the scorecard that no line of a file stands behind.
{{ config(
    severity='error',
    meta={
        'owner': 'engineer',
        'category': 'lineage',
        'description_zh': '成绩单上的数值找不到来源文件和单元格',
        'description_en': 'A number of the scorecard cannot be followed back to a file and cell',
        'what_to_do_zh': '不要使用本次构建的结果；检查 value_lineage 的连接条件',
        'what_to_do_en': 'Do not use this build; look at the joins of value_lineage',
    }
) }}

with scorecard as (
    select
        scored.*,
        indicators.formula_kind = 'none' as is_reported_only
    from {{ ref('indicator_scorecard') }} as scored
    inner join {{ ref('dim_indicator') }} as indicators
        on
            scored.system = indicators.system
            and scored.year = indicators.year
            and scored.code = indicators.code
),

lineage as (
    select * from {{ ref('value_lineage') }}
    where is_headline
),

numbers as (
    select
        system,
        year,
        code,
        0 as years_back,
        'numerator' as role
    from scorecard
    where numerator is not null
    union all
    select
        system,
        year,
        code,
        0 as years_back,
        'denominator' as role
    from scorecard
    where denominator is not null
    union all
    select
        system,
        year,
        code,
        0 as years_back,
        'reported' as role
    from scorecard
    where reported_value is not null
    union all
    select
        system,
        year,
        code,
        1 as years_back,
        case when is_reported_only then 'reported' else 'numerator' end as role
    from scorecard
    where previous_value is not null
)

select numbers.*
from numbers
left join lineage
    on
        numbers.system = lineage.system
        and numbers.year = lineage.year
        and numbers.code = lineage.code
        and numbers.years_back = lineage.years_back
        and numbers.role = lineage.role
where lineage.code is null
