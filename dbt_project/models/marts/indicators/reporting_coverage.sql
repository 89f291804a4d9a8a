-- Grain: one indicator of one system and year × one department that owes items for it, or leads it.
with indicators as (
    select * from {{ ref('stg_catalogue__indicators') }}
    where status <> 'dropped'
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

expected as (
    select * from {{ ref('int_items_expected') }}
    where feed = 'departmental'
),

in_force as (
    select distinct
        department_code,
        item_code,
        area_code,
        data_year
    from {{ ref('int_item_values_superseded') }}
    where standing = 'in_force' and feed = 'departmental'
),

gaps as (
    select * from {{ ref('int_item_gaps_explained') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
),

indicator_items as (
    select
        system,
        year,
        code,
        numerator_item as item_code
    from indicators
    union
    select
        system,
        year,
        code,
        denominator_item as item_code
    from indicators
    union
    select
        indicators.system,
        indicators.year,
        indicators.code,
        items.code as item_code
    from indicators
    inner join items on indicators.code = items.reported_of
),

owed as (
    select
        indicator_items.system,
        indicator_items.year,
        indicator_items.code,
        expected.department_code,
        expected.item_code,
        expected.area_code,
        expected.data_year,
        in_force.item_code is not null as is_accepted,
        in_force.item_code is null and gaps.item_code is not null as is_refused
    from indicator_items
    inner join expected
        on
            indicator_items.system = expected.system
            and indicator_items.year = expected.year
            and indicator_items.item_code = expected.item_code
    left join in_force
        on
            expected.department_code = in_force.department_code
            and expected.item_code = in_force.item_code
            and expected.area_code = in_force.area_code
            and expected.data_year = in_force.data_year
    left join gaps
        on
            expected.item_code = gaps.item_code
            and expected.area_code = gaps.area_code
            and expected.data_year = gaps.data_year
            and expected.department_code = gaps.department_code
            and gaps.state = 'refused'
),

pairs as (
    select
        system,
        year,
        code,
        department_code
    from owed
    union
    select
        indicators.system,
        indicators.year,
        indicators.code,
        departments.code as department_code
    from indicators
    inner join departments
        on departments.code = any(string_to_array(replace(indicators.lead_department, ' ', ''), ';'))
),

counted as (
    select
        pairs.system,
        pairs.year,
        pairs.code,
        pairs.department_code,
        count(owed.item_code)::integer as owed_count,
        count(*) filter (where owed.is_accepted)::integer as accepted_count,
        count(*) filter (where owed.is_refused)::integer as refused_count,
        string_agg(distinct items.name_zh, '、')
        filter (where not owed.is_accepted and not owed.is_refused) as missing_zh
    from pairs
    left join owed
        on
            pairs.system = owed.system
            and pairs.year = owed.year
            and pairs.code = owed.code
            and pairs.department_code = owed.department_code
    left join items on owed.item_code = items.code
    group by pairs.system, pairs.year, pairs.code, pairs.department_code
)

select
    counted.system,
    counted.year,
    counted.code,
    indicators.name_zh,
    indicators.status,
    counted.department_code,
    departments.name_zh as department_zh,
    counted.owed_count,
    counted.accepted_count + counted.refused_count as handed_in_count,
    counted.accepted_count,
    counted.refused_count,
    counted.owed_count - counted.accepted_count - counted.refused_count as missing_count,
    counted.missing_zh,
    case
        when counted.owed_count = 0 then 'nothing_owed'
        when counted.accepted_count = counted.owed_count then 'complete'
        when counted.refused_count > 0 then 'refused'
        when counted.accepted_count > 0 then 'partly'
        else 'missing'
    end as state,
    case
        when counted.owed_count = 0 then '无需填报'
        when counted.accepted_count = counted.owed_count then '已报齐'
        when counted.refused_count > 0 then '有数据未通过校验'
        when counted.accepted_count > 0 then '部分已报'
        else '未报'
    end as state_zh
from counted
inner join indicators
    on counted.system = indicators.system and counted.year = indicators.year and counted.code = indicators.code
left join departments on counted.department_code = departments.code
