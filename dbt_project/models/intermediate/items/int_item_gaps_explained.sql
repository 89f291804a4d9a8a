-- Grain: one item, area and data year for which something was handed in that is no value: the last such event and why.
-- It matters where nothing is in force.
-- A line whose area cannot be read counts for the item's own area, one of a year nobody asked for counts for the
-- examination's year: it was handed in, so 未报 would be untrue. What another department sent of an item that is not its
-- own says nothing of the item; a file whose sender cannot be recognised does, until its owner itself says something.
with lines as (
    select * from {{ ref('stg_gate__item_values') }}
),

ended as (
    select * from {{ ref('int_item_values_superseded') }}
    where standing in ('withdrawn', 'excluded')
),

expected as (
    select * from {{ ref('int_items_expected') }}
),

reasons as (
    select distinct on (line_key)
        line_key,
        reason_zh
    from {{ ref('stg_gate__failing_rows') }}
    where severity = 'critical' and line_key is not null
    order by line_key, rule_code
),

whole_file_reasons as (
    select distinct on (batch_id)
        batch_id,
        reason_zh
    from {{ ref('stg_gate__failing_rows') }}
    where severity = 'critical' and line_key is null
    order by batch_id, rule_code
),

events as (
    select
        lines.item_code,
        lines.department_code,
        lines.area_code,
        lines.data_year,
        lines.received_at,
        lines.arrival_id,
        lines.line_no,
        case when lines.verdict = 'refused' then 'refused' else 'missing' end as state,
        case
            when lines.verdict = 'refused'
                then coalesce(reasons.reason_zh, whole_file_reasons.reason_zh, '整份文件未通过校验')
            else '填报为空'
        end as reason_zh,
        lines.verdict <> 'blank' as says_something
    from lines
    left join reasons on lines.line_key = reasons.line_key
    left join whole_file_reasons on lines.batch_id = whole_file_reasons.batch_id
    where lines.verdict in ('refused', 'blank') and lines.item_code is not null
    union all
    select
        item_code,
        department_code,
        area_code,
        data_year,
        received_at,
        arrival_id,
        line_no,
        'missing' as state,
        case standing when 'excluded' then '勘误剔除：' || correction_reason_zh else '填报单位已撤回' end as reason_zh,
        true as says_something
    from ended
)

select distinct on (expected.item_code, expected.area_code, expected.data_year)
    expected.item_code,
    expected.area_code,
    expected.data_year,
    events.state,
    events.reason_zh,
    events.department_code
from expected
inner join events
    on
        expected.item_code = events.item_code
        and coalesce(expected.department_code = events.department_code, true)
        and (expected.area_code = events.area_code or (events.area_code is null and expected.is_single_area))
        and (
            expected.data_year = events.data_year
            or (
                expected.year_offset = 0
                and not exists (
                    select 1 from expected as asked
                    where asked.item_code = events.item_code and asked.data_year = events.data_year
                )
            )
        )
order by
    expected.item_code, expected.area_code, expected.data_year,
    events.says_something desc, (events.department_code is not null) desc,
    events.received_at desc, events.arrival_id desc, events.line_no desc
