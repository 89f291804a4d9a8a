-- Suspicious, never refused: an item that changed by more than grading.csv allows (tolerance year_on_year_jump).
{{ config(
    severity='warn',
    meta={
        'owner': 'department',
        'category': 'plausibility',
        'description_zh': '与上年相比变化过大，可能是单位或口径有误',
        'description_en': 'An item changed more than usual since last year: perhaps a wrong unit or another definition',
        'what_to_do_zh': '请填报单位核对两年的数值、单位和统计口径，并在情况说明中写明原因',
        'what_to_do_en': 'Ask the department to check both years, their unit and definition, and to explain the change',
    }
) }}

with item_values as (
    select * from {{ ref('int_item_values_by_year') }}
    where state = 'value'
),

allowed as (
    select max(parameter) as change
    from {{ ref('stg_catalogue__gradings') }}
    where kind = 'tolerance' and code = 'year_on_year_jump'
)

select
    this_year.item_code,
    this_year.area_code,
    this_year.data_year,
    last_year.value as value_last_year,
    this_year.value as value_this_year
from item_values as this_year
inner join item_values as last_year
    on
        this_year.item_code = last_year.item_code
        and this_year.area_code = last_year.area_code
        and this_year.data_year = last_year.data_year + 1
cross join allowed
where {{ relative_difference('this_year.value', 'last_year.value') }} > allowed.change
