-- Suspicious: a measure against a problem that never was on the list: perhaps a mistyped id (编号). The gate cannot tell,
-- since what is a problem depends on what else was handed in.
{{ config(
    severity='warn',
    meta={
        'owner': 'city office',
        'category': 'rectification',
        'description_zh': '整改措施所指的问题不在城市病清单上',
        'description_en': 'A measure names a problem that is not on the list',
        'what_to_do_zh': '在 rectification_status 中查看 problem_note_zh 所指的文件和单元格，核对问题编号，改正后重新报送',
        'what_to_do_en': 'See problem_note_zh of rectification_status for file and cell, mend the id and hand the list in again',
    }
) }}

select
    measure_id,
    problem_id,
    problem_note_zh
from {{ ref('rectification_status') }}
where not problem_known
