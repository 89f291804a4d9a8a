-- Grain: one accepted line that says something, with what became of it.
-- Per source, department, item, area and period the latest received wins (tie: arrival_id). 撤回 and an exclusion end the
-- value without bringing the older one back; a later line that was refused leaves the older in force, marked.
with lines as (
    select * from {{ ref('int_item_values_corrected') }}
),

refused as (
    select
        source_kind,
        coalesce(department_code, '') as department_code,
        item_code,
        area_code,
        period,
        max(array[to_char(received_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), arrival_id]) as latest
    from {{ ref('stg_gate__item_values') }}
    where verdict = 'refused'
    group by source_kind, coalesce(department_code, ''), item_code, area_code, period
),

ranked as (
    select
        lines.*,
        array[to_char(lines.received_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), lines.arrival_id] as arrived,
        row_number() over (
            partition by
                lines.source_kind, coalesce(lines.department_code, ''), lines.item_code, lines.area_code, lines.period
            order by lines.received_at desc, lines.arrival_id desc, lines.batch_id desc, lines.line_no desc
        ) as newness
    from lines
)

select
    ranked.line_key,
    ranked.arrival_id,
    ranked.batch_id,
    ranked.line_no,
    ranked.feed,
    ranked.source_kind,
    ranked.department_code,
    ranked.item_code,
    ranked.area_code,
    ranked.period,
    ranked.period_start,
    ranked.period_end,
    ranked.data_year,
    ranked.original_value,
    ranked.value,
    ranked.unit,
    ranked.state,
    ranked.marked,
    ranked.synthetic,
    ranked.remarks_text,
    ranked.received_at,
    ranked.correction_declared,
    ranked.correction_expected_value,
    ranked.correction_action,
    ranked.correction_reason_zh,
    ranked.correction_provider,
    case
        when ranked.newness > 1 then 'superseded'
        when ranked.state in ('withdrawn', 'excluded') then ranked.state
        else 'in_force'
    end as standing,
    ranked.newness = 1 and coalesce(refused.latest > ranked.arrived, false) as later_refused
from ranked
left join refused
    on
        ranked.source_kind = refused.source_kind
        and coalesce(ranked.department_code, '') = refused.department_code
        and ranked.item_code = refused.item_code
        and ranked.area_code = refused.area_code
        and ranked.period = refused.period
