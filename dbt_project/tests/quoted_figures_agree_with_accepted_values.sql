-- Suspicious: a department's own report says another figure than the one that was accepted.
{{ config(
    severity='warn',
    meta={
        'owner': 'city office',
        'category': 'self-check',
        'description_zh': '自查报告中引用的数字与采用的指标值不一致',
        'description_en': 'A figure quoted in a self-check contradicts the accepted value',
        'what_to_do_zh': '查看 self_check_contradiction，请填报单位核对：更正报告，或更正所报数据',
        'what_to_do_en': 'Look at self_check_contradiction and have the department correct the report, or the value',
    }
) }}

select
    figure_key,
    department_zh,
    sentence,
    note_zh
from {{ ref('self_check_contradiction') }}
