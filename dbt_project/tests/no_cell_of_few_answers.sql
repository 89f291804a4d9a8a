-- A number of a survey that rests on fewer than five answers, or stands in a suppressed cell: someone could be known.
{{ config(
    severity='error',
    meta={
        'owner': 'engineer',
        'category': 'privacy',
        'description_zh': '满意度指数中有不足 5 份回答的数，或不公布的格子里有数，可能识别到个人',
        'description_en': 'Satisfaction with fewer than 5 answers, or a number in a suppressed cell, by which someone could be known',
        'what_to_do_zh': '不要使用或发布本次构建的结果；检查 cityhealth.survey.suppression',
        'what_to_do_en': 'Neither use nor publish this build; look at cityhealth.survey.suppression',
    }
) }}

select
    wave,
    subject_code,
    area_code,
    group_kind,
    group_zh
from {{ ref('satisfaction_index') }}
where
    answers < 5
    or (suppressed and coalesce(answers, satisfaction, standard_error, ci_low, ci_high, importance) is not null)
    or (not suppressed and answers is null)
