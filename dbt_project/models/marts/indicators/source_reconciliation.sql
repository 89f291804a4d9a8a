-- Grain: one comparison of two values of one quantity: two sources of an item (the picked one against each other), an
-- indicator as reported against the same recomputed from its parts, or the city's against a third party's of the same
-- area and year. A difference is shown, never settled here.
with ranked as (
    select * from {{ ref('int_item_values_ranked') }}
    where state = 'value'
),

computed as (
    select * from {{ ref('int_indicator_values_computed') }}
    where years_back = 0
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

tolerances as (
    select
        max(parameter) filter (where code = 'source_difference') as between_sources,
        max(parameter) filter (where code = 'reported_ratio') as of_reported
    from {{ ref('stg_catalogue__gradings') }}
    where kind = 'tolerance'
),

several_sources as (
    select
        'several_sources' as comparison,
        '多来源比对' as comparison_zh,
        others.line_key as other_key,
        null::text as system,
        null::integer as year,
        null::text as code,
        others.item_code,
        items.name_zh,
        others.area_code,
        others.period,
        picked.value as value_used,
        picked.source_kind as source_used,
        others.value as value_compared,
        others.source_kind as source_compared,
        items.unit,
        coalesce(items.tolerance, tolerances.between_sources) as tolerance
    from ranked as others
    inner join ranked as picked
        on
            others.item_code = picked.item_code
            and others.area_code = picked.area_code
            and others.period = picked.period
            and picked.source_rank = 1
    inner join items on others.item_code = items.code
    cross join tolerances
    where others.source_rank > 1
),

reported_and_recomputed as (
    select
        'reported_and_recomputed' as comparison,
        '填报值与重算值比对' as comparison_zh,
        concat_ws('/', computed.system, computed.year, computed.code) as other_key,
        computed.system,
        computed.year,
        computed.code,
        null::text as item_code,
        indicators.name_zh,
        computed.area_code,
        null::text as period,
        computed.value as value_used,
        'recomputed' as source_used,
        computed.reported_value as value_compared,
        'reported' as source_compared,
        indicators.unit,
        tolerances.of_reported as tolerance
    from computed
    inner join indicators
        on computed.system = indicators.system and computed.year = indicators.year and computed.code = indicators.code
    cross join tolerances
    where computed.formula_kind <> 'none' and computed.value is not null and computed.reported_value is not null
),

third_parties as (
    select
        'third_party' as comparison,
        '本市与第三方比对' as comparison_zh,
        concat_ws('/', system, year, code, sender_text) as other_key,
        system,
        year,
        code,
        null::text as item_code,
        name_zh,
        area_code,
        third_party_period as period,
        city_value as value_used,
        'city' as source_used,
        third_party_value as value_compared,
        'third_party' as source_compared,
        unit,
        tolerance
    from {{ ref('int_third_party_values_compared') }}
    where difference is not null and not area_differs and not period_differs
),

compared as (
    select * from several_sources
    union all
    select * from reported_and_recomputed
    union all
    select * from third_parties
),

differences as (
    select
        *,
        {{ relative_difference('value_compared', 'value_used') }} as relative_difference
    from compared
)

select
    concat_ws('/', comparison, other_key, area_code) as comparison_key,
    comparison,
    comparison_zh,
    system,
    year,
    code,
    item_code,
    name_zh,
    area_code,
    period,
    value_used,
    source_used,
    value_compared,
    source_compared,
    unit,
    relative_difference,
    tolerance,
    -- A difference from zero has no relative size: any is too much.
    coalesce(relative_difference > tolerance, value_used <> value_compared) as exceeds_tolerance
from differences
