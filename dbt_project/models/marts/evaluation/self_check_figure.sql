-- Grain: one figure that a self-check quotes of an indicator or an item, and what came of comparing it.
with compared as (
    select * from {{ ref('int_self_check_figures_compared') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
),

dimensions as (
    select * from {{ ref('stg_catalogue__dimensions') }}
),

areas as (
    {{ current_areas() }}
)

select
    compared.figure_key,
    compared.line_key,
    compared.system,
    compared.year,
    compared.department_code,
    departments.name_zh as department_zh,
    compared.dimension_code,
    dimensions.name_zh as dimension_zh,
    compared.section,
    {{ section_zh('compared.section') }} as section_zh,
    compared.sentence,
    compared.indicator_code,
    compared.item_code,
    compared.name_zh,
    compared.area_code,
    areas.name_zh as area_zh,
    compared.value_text,
    compared.quoted_value,
    compared.quoted_unit,
    compared.accepted_value,
    compared.unit,
    compared.difference,
    compared.tolerance,
    compared.about,
    compared.judgement,
    case compared.judgement
        when 'agrees' then '一致'
        when 'contradicts' then '不一致'
        else '未核对'
    end as judgement_zh,
    case compared.judgement
        when 'contradicts'
            then
                '文中为「' || compared.value_text || '」，采用值为 ' || {{ number_text('compared.accepted_value') }}
                || ' ' || compared.unit
        when 'not_compared' then compared.not_compared_zh
    end as note_zh,
    compared.filename,
    compared.sheet,
    compared.cell,
    compared.sha256,
    compared.received_at,
    compared.synthetic
from compared
left join departments on compared.department_code = departments.code
left join dimensions on compared.dimension_code = dimensions.code
left join areas on compared.area_code = areas.code
