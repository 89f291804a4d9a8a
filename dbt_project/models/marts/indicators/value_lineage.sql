-- Grain: one number of one indicator in one area × one line it comes from (several lines where areas were summed).
-- The numbers behind the value (years_back 0), and behind the value of the year before where there is one (1).
with previous as (
    select * from {{ ref('int_indicator_values_computed') }}
    where years_back = 1 and value is not null
),

components as (
    select components.*
    from {{ ref('int_indicator_components') }} as components
    left join previous
        on
            components.system = previous.system
            and components.year = previous.year
            and components.code = previous.code
            and components.area_code = previous.area_code
    where
        components.line_keys is not null
        and (components.years_back = 0 or (previous.code is not null and not components.is_for_comparison))
),

lines as (
    select * from {{ ref('stg_gate__item_values') }}
),

corrected as (
    select * from {{ ref('int_item_values_superseded') }}
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
)

select
    components.system,
    components.year,
    components.code,
    components.area_code,
    components.is_headline,
    components.years_back,
    components.role,
    case components.role when 'numerator' then '分子' when 'denominator' then '分母' else '填报指标值' end as role_zh,
    components.item_code,
    items.name_zh as item_zh,
    lines.line_key,
    lines.area_code as item_area_code,
    lines.period,
    corrected.value,
    corrected.state,
    coalesce(lines.unit, items.unit) as unit,
    components.derivation,
    lines.value_text,
    lines.unit_text,
    case
        when lines.unit_text <> '' and lines.unit_text <> lines.unit then lines.unit_text || ' → ' || lines.unit
    end as conversion_zh,
    corrected.original_value,
    corrected.correction_action,
    corrected.correction_reason_zh,
    corrected.correction_provider,
    corrected.later_refused,
    lines.source_kind,
    lines.department_code,
    departments.name_zh as department_zh,
    lines.source_text,
    lines.method_text,
    lines.feed,
    lines.arrival_id,
    lines.batch_id,
    lines.filename,
    lines.sheet,
    lines.cell,
    lines.sha256,
    lines.received_at
from components
cross join lateral unnest(string_to_array(components.line_keys, ',')) as sources (line_key)
inner join lines on sources.line_key = lines.line_key
inner join corrected on sources.line_key = corrected.line_key
left join items on components.item_code = items.code
left join departments on lines.department_code = departments.code
