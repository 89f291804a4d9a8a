-- Grain: one indicator of one system and year in its headline area or one below it, as of the moment of the build or of
-- a period's cut-off: what the rules of problems ask for.
with scored as (
    select * from {{ ref('int_indicator_values_scored') }}
),

indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

targets as (
    select * from {{ ref('stg_catalogue__targets') }}
    where kind = 'target'
),

-- What is summed up over areas is no problem of its own in the province.
areas_below as (
    select distinct
        ancestor_code,
        code
    from ({{ area_descendants(ref('stg_catalogue__areas')) }}) as descendants
)

select
    'indicator' as source,
    {{ problem_id('scored.code', 'scored.area_code', 'scored.is_headline') }} as problem_id,
    scored.system,
    scored.year,
    scored.code as indicator_code,
    scored.area_code,
    scored.is_headline,
    scored.state,
    scored.value,
    scored.previous_value,
    scored.score,
    scored.score as points,
    {{ worse_share('indicators.direction', 'scored.value', 'scored.previous_value') }} as worse_share,
    indicators.category,
    indicators.direction,
    {{ target_text('targets') }} as target_text,
    scored.synthetic
from scored
inner join scored as headline
    on
        scored.system = headline.system
        and scored.year = headline.year
        and scored.code = headline.code
        and headline.is_headline
inner join indicators
    on scored.system = indicators.system and scored.year = indicators.year and scored.code = indicators.code
left join areas_below
    on headline.area_code = areas_below.ancestor_code and scored.area_code = areas_below.code
left join targets
    on scored.system = targets.system and scored.year = targets.year and scored.code = targets.code
where scored.is_headline or areas_below.code is not null
