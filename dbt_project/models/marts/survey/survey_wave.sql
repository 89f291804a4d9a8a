-- Grain: one wave of a survey.
with results as (
    select * from {{ ref('stg_survey__results') }}
)

select
    wave,
    survey_zh,
    fielded_from,
    fielded_to,
    handed_in,
    accepted,
    refused,
    superseded,
    masked_phone,
    masked_id,
    weighted,
    least_weight,
    largest_weight,
    clusters,
    strata,
    coalesce(
        nullif(
            concat_ws(
                '、',
                case when weighted then '权重' end,
                '层 ' || strata || ' 个',
                '抽样单元 ' || clusters || ' 个'
            ),
            ''
        ),
        '无'
    ) as design_zh,
    method_zh,
    codebook_name,
    codebook_version,
    codebook_sha256,
    files,
    filenames,
    received_at,
    synthetic
from results
