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

with numbers as (
    select
        scorecard.system,
        scorecard.year,
        scorecard.code,
        roles.role
    from {{ ref('indicator_scorecard') }} as scorecard
    cross join lateral (
        values
        ('numerator', scorecard.numerator),
        ('denominator', scorecard.denominator),
        ('reported', scorecard.reported_value)
    ) as roles (role, number)
    where roles.number is not null
)

select numbers.*
from numbers
left join {{ ref('value_lineage') }} as lineage
    on
        numbers.system = lineage.system
        and numbers.year = lineage.year
        and numbers.code = lineage.code
        and numbers.role = lineage.role
        and lineage.is_headline
where lineage.code is null
