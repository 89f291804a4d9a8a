-- Nothing is dropped silently: every indicator that is not dropped stands on the scorecard, and nothing else does.
{{ config(
    severity='error',
    meta={
        'owner': 'engineer',
        'category': 'completeness',
        'description_zh': '指标目录与成绩单不一致：有指标缺失或多出',
        'description_en': 'Catalogue and scorecard differ: an indicator is missing or too many',
        'what_to_do_zh': '检查 examination.csv 是否有该体系年度；其余情况检查模型连接条件',
        'what_to_do_en': 'See whether examination.csv has the system and year; otherwise look at the joins of the models',
    }
) }}

with indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
    where status <> 'dropped'
),

scorecard as (
    select * from {{ ref('indicator_scorecard') }}
)

select
    coalesce(indicators.code, scorecard.code) as code,
    coalesce(indicators.year, scorecard.year) as year,
    scorecard.code is null as is_missing
from indicators
full outer join scorecard
    on
        indicators.system = scorecard.system
        and indicators.year = scorecard.year
        and indicators.code = scorecard.code
where indicators.code is null or scorecard.code is null
