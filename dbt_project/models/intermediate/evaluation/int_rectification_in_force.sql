-- Grain: one measure, as it was last reported by the as-of moment; what it replaces stays in the gate.
with lines as (
    select * from {{ ref('stg_gate__rectification_lines') }}
    where verdict = 'accepted'
)

select distinct on (lines.measure_id)
    lines.*,
    min(lines.received_at) over (partition by lines.measure_id) as first_received_at
from lines
order by lines.measure_id asc, lines.received_at desc, lines.arrival_id desc, lines.batch_id desc, lines.line_no desc
