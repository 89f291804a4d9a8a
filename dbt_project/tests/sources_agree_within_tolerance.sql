-- Suspicious: two sources of one item, or a reported and a recomputed indicator, differ by more than their tolerance.
{{ config(
    severity='warn',
    meta={
        'owner': 'city office',
        'category': 'reconciliation',
        'description_zh': '多个来源之间，或填报值与重算值之间，差异超过容差',
        'description_en': 'Two sources, or a reported and a recomputed value, differ by more than the tolerance',
        'what_to_do_zh': '查看 source_reconciliation，与相关单位核对口径和数值',
        'what_to_do_en': 'Look at source_reconciliation and settle definition and value with those who sent them',
    }
) }}

select *
from {{ ref('source_reconciliation') }}
where exceeds_tolerance
