-- Grain: one wave, as it stood by the as-of moment: the result of the last file received by then.
select distinct on (wave)
    result_key,
    wave,
    received_at,
    arrival_id,
    filename,
    sha256,
    survey_zh,
    codebook_version,
    codebook_name,
    codebook_sha256,
    fielded_from,
    fielded_to,
    files,
    filenames,
    handed_in,
    accepted,
    refused,
    superseded,
    masked_phone,
    masked_id,
    least_weight,
    largest_weight,
    weighted,
    clusters,
    strata,
    method_zh,
    {{ is_synthetic('filenames', 'survey_zh') }} as synthetic
from {{ source('ops', 'survey_result') }}
where received_at <= {{ as_of() }}
order by wave asc, received_at desc
