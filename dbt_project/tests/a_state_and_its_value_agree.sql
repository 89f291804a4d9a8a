-- A value where the state says so, none where it does not, a score only against a target, a reason for everything else.
{{ config(
    severity='error',
    meta={
        'owner': 'engineer',
        'category': 'consistency',
        'description_zh': '指标状态与数值、得分或原因不一致',
        'description_en': 'State, value, score and reason of an indicator contradict each other',
        'what_to_do_zh': '不要使用本次构建的结果；检查 int_indicator_values_computed 与 int_indicator_values_scored',
        'what_to_do_en': 'Do not use this build; look at int_indicator_values_computed and int_indicator_values_scored',
    }
) }}

select *
from {{ ref('indicator_value_by_area') }}
where
    (state in ('value', 'no_standard')) <> (value is not null)
    or (state = 'value') <> (score is not null)
    or (state = 'value') = (reason_zh is not null)
    or value in ('NaN'::double precision, 'infinity'::double precision, '-infinity'::double precision)
