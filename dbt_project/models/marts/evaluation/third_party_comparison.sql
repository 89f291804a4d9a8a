-- Grain: one indicator of one examination in one area, as one third party found it, beside the city's own value.
-- Both stay visible; neither is settled here. What differs in the definition is named, both texts are shown.
with compared as (
    select * from {{ ref('int_third_party_values_compared') }}
),

dimensions as (
    select * from {{ ref('stg_catalogue__dimensions') }}
)

select
    concat_ws('/', compared.system, compared.year, compared.code, compared.area_code, compared.sender_text)
        as comparison_key,
    compared.system,
    compared.year,
    compared.code,
    compared.name_zh,
    compared.dimension_code,
    dimensions.name_zh as dimension_zh,
    compared.area_code,
    compared.area_zh,
    compared.unit,
    compared.city_value,
    compared.city_state,
    {{ state_zh('compared.city_state') }} as city_state_zh,
    compared.city_area_code,
    compared.city_area_zh,
    compared.city_period,
    compared.third_party_value,
    compared.third_party_state,
    compared.third_party_period,
    compared.difference,
    compared.relative_difference,
    case
        when compared.difference is null then '无法比较'
        when {{ same_number('compared.third_party_value', 'compared.city_value') }} then '一致'
        -- To round 0.05 to 0 or 1.19 to 1 would hide what the note complains of.
        when
            not compared.exceeds_tolerance
            and round(compared.city_value::numeric, scale(trim_scale(compared.third_party_value::numeric)))
            = compared.third_party_value::numeric then '一致（四舍五入后）'
        when compared.difference > 0 then '第三方高于本市'
        else '第三方低于本市'
    end as sign_zh,
    compared.tolerance,
    compared.exceeds_tolerance,
    compared.definition_differs,
    compared.text_differs,
    compared.definition_similarity,
    compared.area_differs,
    compared.period_differs,
    compared.unit_differs,
    compared.differs_in_zh,
    compared.definition_zh,
    compared.definition_text,
    compared.method_text,
    compared.source_text,
    compared.remarks_text,
    compared.value_text,
    compared.unit_text,
    case
        when compared.third_party_state = 'not_applicable' then '第三方认为不适用'
        when compared.city_value is null
            then
                '本市没有可比的值（' || coalesce({{ state_zh('compared.city_state') }}, '未报') || '），只有第三方的值'
        when not compared.exceeds_tolerance and compared.definition_differs
            then '相差在容差内，但' || compared.differs_in_zh || '不同'
        when not compared.exceeds_tolerance and compared.definition_differs is null
            then '相差在容差内；第三方没有说明口径，不知是否相同'
        when not compared.exceeds_tolerance then '口径相同，相差在容差内'
        when compared.definition_differs then '相差超过容差，' || compared.differs_in_zh || '不同：先统一口径再比较'
        when compared.definition_differs is null then '相差超过容差；第三方没有说明口径，须先问明口径'
        else '口径相同而数值相差超过容差：须核对双方的数据来源'
    end as note_zh,
    compared.sender_text,
    compared.received_at,
    compared.filename,
    compared.sha256,
    compared.sheet,
    compared.cell,
    compared.marked,
    compared.synthetic
from compared
left join dimensions on compared.dimension_code = dimensions.code
