-- Grain: one indicator of one examination in one area, as one third party found it: the line that stands.
-- Of one year's value the latest received wins, 撤回 ends it; of several years that of the examination comes first.
with lines as (
    select * from {{ ref('stg_gate__third_party_values') }}
    where verdict = 'accepted'
),

examinations as (
    select * from {{ ref('stg_catalogue__examinations') }}
),

latest as (
    select distinct on (coalesce(sender_text, ''), system, year, indicator_code, area_code, period) *
    from lines
    order by
        coalesce(sender_text, ''), system, year, indicator_code, area_code, period,
        received_at desc, arrival_id desc, batch_id desc, line_no desc
),

placed as (
    select
        latest.*,
        latest.period_start >= examinations.period_start and latest.period_end <= examinations.period_end
            as is_of_examined_year
    from latest
    inner join examinations on latest.system = examinations.system and latest.year = examinations.year
    where latest.state <> 'withdrawn'
)

select distinct on (coalesce(sender_text, ''), system, year, indicator_code, area_code) *
from placed
order by
    coalesce(sender_text, ''), system, year, indicator_code, area_code,
    is_of_examined_year desc, period_end desc, received_at desc, line_no desc
