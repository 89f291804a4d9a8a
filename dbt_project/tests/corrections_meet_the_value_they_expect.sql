-- Each correction declares the wrong value it was written for. Once the source says something else, it must go.
{{ config(
    severity='error',
    meta={
        'owner': 'city office',
        'category': 'correction',
        'description_zh': '勘误表登记的原值与来源不符：来源可能已更正，该勘误没有生效',
        'description_en': 'A correction expects another value than the source has: the source was mended, or it was miswritten',
        'what_to_do_zh': '与填报单位核对；来源已更正的，从 corrections.csv 删除该行；否则改正 expected_value',
        'what_to_do_en': 'Ask the department; if the source was mended, delete the row of corrections.csv, else mend expected_value',
    }
) }}

select
    department_code,
    item_code,
    area_code,
    period,
    correction_expected_value as expected_value,
    original_value as value_in_source,
    line_key
from {{ ref('int_item_values_superseded') }}
where standing = 'in_force' and correction_declared and correction_action is null
