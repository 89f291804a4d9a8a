-- Grain: one indicator of one system and year.
with indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
),

dimensions as (
    select * from {{ ref('stg_catalogue__dimensions') }}
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
)

select
    indicators.system,
    indicators.year,
    indicators.code,
    indicators.no,
    indicators.dimension_code,
    dimensions.name_zh as dimension_zh,
    dimensions.name_en as dimension_en,
    indicators.name_zh,
    indicators.name_en,
    indicators.unit,
    indicators.direction,
    indicators.category,
    indicators.status,
    {{ status_zh('indicators.status') }} as status_zh,
    indicators.formula_kind,
    {{ formula_zh('indicators', 'numerators.name_zh', 'denominators.name_zh') }} as formula_zh,
    indicators.numerator_item,
    indicators.denominator_item,
    indicators.scale,
    indicators.area_code,
    indicators.definition_zh,
    indicators.definition_en,
    indicators.no_formula_reason_zh,
    indicators.applicability,
    indicators.not_applicable_reason_zh,
    indicators.lead_department,
    indicators.category_basis,
    indicators.name_basis,
    indicators.definition_basis,
    indicators.notes,
    indicators.source
from indicators
left join dimensions on indicators.dimension_code = dimensions.code
left join items as numerators on indicators.numerator_item = numerators.code
left join items as denominators on indicators.denominator_item = denominators.code
