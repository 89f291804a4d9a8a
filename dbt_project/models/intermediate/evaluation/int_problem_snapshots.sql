-- Grain: one thing that can be a problem, as one source saw it at one moment: a cut-off of half-month summaries, the
-- present, a wave of a survey, a third party's delivery. Values only: what is missing or refused says nothing, and so
-- opens and closes nothing. Of several examinations of one indicator the latest that has a value speaks.
with moments as (
    select * from {{ ref('int_problem_moment') }}
),

values_now as (
    select * from {{ ref('int_problem_values_now') }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

scorecards as (
    {{ scorecards_of_periods() }}
),

areas_below as (
    select distinct
        ancestor_code,
        code
    from ({{ area_descendants(ref('stg_catalogue__areas')) }}) as descendants
),

-- Beside its headline area an indicator has others below it (组团, 区县).
of_periods as (
    select
        scorecards.cutoff,
        scorecards.period,
        scorecards.system,
        scorecards.year,
        scorecards.code,
        true as is_headline,
        scorecards.area_code,
        scorecards.value,
        scorecards.previous_value,
        scorecards.score,
        scorecards.target_text,
        scorecards.synthetic
    from scorecards
    where scorecards.state in ('value', 'no_standard')
    union all
    select
        scorecards.cutoff,
        scorecards.period,
        scorecards.system,
        scorecards.year,
        scorecards.code,
        false as is_headline,
        others.area_code,
        others.value,
        others.previous_value,
        others.score,
        scorecards.target_text,
        others.synthetic
    from scorecards
    cross join
        lateral jsonb_to_recordset(scorecards.other_areas) as others (
            area_code text,
            value double precision,
            previous_value double precision,
            score double precision,
            synthetic boolean
        )
    inner join areas_below
        on scorecards.area_code = areas_below.ancestor_code and others.area_code = areas_below.code
),

of_indicators as (
    select
        'indicator' as source,
        {{ problem_id('of_periods.code', 'of_periods.area_code', 'of_periods.is_headline') }} as problem_id,
        of_periods.is_headline,
        of_periods.cutoff as at,
        0 as sequence,
        of_periods.period as seen_in,
        of_periods.system,
        of_periods.year,
        of_periods.code as indicator_code,
        of_periods.area_code,
        of_periods.value,
        of_periods.score,
        {{ worse_share('indicators.direction', 'of_periods.value', 'of_periods.previous_value') }} as worse_share,
        indicators.category,
        indicators.direction,
        of_periods.target_text,
        of_periods.synthetic
    from of_periods
    inner join indicators
        on
            of_periods.system = indicators.system
            and of_periods.year = indicators.year
            and of_periods.code = indicators.code
    union all
    select
        values_now.source,
        values_now.problem_id,
        values_now.is_headline,
        moments.moment as at,
        1 as sequence,
        null as seen_in,
        values_now.system,
        values_now.year,
        values_now.indicator_code,
        values_now.area_code,
        values_now.value,
        values_now.score,
        values_now.worse_share,
        values_now.category,
        values_now.direction,
        values_now.target_text,
        values_now.synthetic
    from values_now
    cross join moments
    where values_now.state in ('value', 'no_standard')
),

peers as (
    select * from {{ ref('peer_value') }}
    where peer_kind = 'city'
),

-- Only where no target says what is good enough; of the peers that were known then. Where a target is published, or the
-- indicator loses its direction, they have no say any longer and must say so, or what they held would stay for ever.
of_peers as (
    select
        of_indicators.*,
        known_peers.median,
        known_peers.is_synthetic,
        case
            when of_indicators.target_text is not null then '已有公布的目标值，不再按同类城市认定'
            when not coalesce(of_indicators.direction in ('higher', 'lower'), false)
                then '指标不再有优劣方向，不再按同类城市认定'
        end as no_longer_zh
    from of_indicators
    cross join
        lateral (
            select
                percentile_cont(0.5) within group (order by peers.value) as median,
                bool_or(peers.synthetic) as is_synthetic
            from peers
            where
                peers.system = of_indicators.system
                and peers.year = of_indicators.year
                and peers.code = of_indicators.indicator_code
                and peers.received_at <= of_indicators.at
        ) as known_peers
    where
        of_indicators.is_headline
        and exists (
            select 1 from peers
            where peers.system = of_indicators.system and peers.code = of_indicators.indicator_code
        )
),

seen as (
    select
        source,
        problem_id,
        at,
        sequence,
        seen_in,
        system,
        year,
        indicator_code,
        area_code,
        null as subject_zh,
        null as dimension_code,
        value,
        score,
        score as points,
        worse_share,
        null::double precision as compared_with,
        category,
        target_text,
        synthetic,
        null as survey_zh,
        null as subject_code,
        null::double precision as upper,
        null as no_longer_zh,
        true as is_shown
    from of_indicators
    union all
    select
        'peer' as source,
        problem_id,
        at,
        sequence,
        seen_in,
        system,
        year,
        indicator_code,
        area_code,
        null as subject_zh,
        null as dimension_code,
        value,
        null as score,
        null as points,
        case when no_longer_zh is null then {{ worse_share('direction', 'value', 'median') }} end as worse_share,
        case when no_longer_zh is null then median end as compared_with,
        category,
        target_text,
        synthetic or coalesce(is_synthetic, false) as synthetic,
        null as survey_zh,
        null as subject_code,
        null as upper,
        no_longer_zh,
        true as is_shown
    from of_peers
    where no_longer_zh is not null or median is not null
    union all
    select
        source,
        problem_id,
        at,
        0 as sequence,
        seen_in,
        system,
        year,
        indicator_code,
        area_code,
        subject_zh,
        dimension_code,
        value,
        null as score,
        points,
        null as worse_share,
        answers as compared_with,
        null as category,
        null as target_text,
        synthetic,
        survey_zh,
        subject_code,
        upper,
        null as no_longer_zh,
        is_shown
    from {{ ref('int_problem_survey_values') }}
    union all
    select
        source,
        problem_id,
        at,
        0 as sequence,
        seen_in,
        system,
        year,
        indicator_code,
        area_code,
        null as subject_zh,
        null as dimension_code,
        value,
        score,
        score as points,
        null as worse_share,
        null as compared_with,
        category,
        target_text,
        synthetic,
        null as survey_zh,
        null as subject_code,
        null as upper,
        no_longer_zh,
        true as is_shown
    from {{ ref('int_problem_third_party_values') }}
)

select distinct on (problem_id, source, at, sequence) *
from seen
order by
    problem_id asc, source asc, at asc, sequence asc, year desc, system asc, no_longer_zh asc nulls first, points asc,
    seen_in asc
