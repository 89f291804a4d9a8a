-- Grain: one reporting period of the campaign that is summarised, once its cut-off has passed; the last one is the
-- period of the summary.
-- The windows come from cityhealth.campaigns (city time, working days); all periods of the campaign are handed over as
-- a variable: there is one definition of them, and no table that concurrent runs would have to share.
select
    periods.period,
    periods.number,
    periods.title_zh,
    periods.system,
    periods.year,
    periods.opens,
    periods.cutoff,
    periods.day_ends,
    periods.period = '{{ var("period") }}' as is_current,
    coalesce(lead(periods.period) over (order by periods.cutoff) = '{{ var("period") }}', false) as is_previous,
    {{ var("edition") }}::integer as edition
from
    jsonb_to_recordset('{{ var("campaign_periods") | tojson }}'::jsonb) as periods (
        period text,
        number integer,
        title_zh text,
        system text,
        year integer,
        opens timestamptz,
        cutoff timestamptz,
        day_ends timestamptz
    )
where periods.cutoff <= {{ as_of() }}
