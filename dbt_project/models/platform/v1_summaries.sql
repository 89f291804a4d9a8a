-- Grain: one reporting period: its half-month summary as one JSON document, version 1. A view: summaries are made apart
-- from builds, and it rests on nothing that a build makes again. Percentages are the departments' own; no names of
-- files or of persons are in it.
with editions as (
    select distinct on (period) *
    from {{ source('ops', 'edition') }}
    where status = 'success'
    order by period, edition desc
),

blocks as (
    select
        period,
        jsonb_agg(
            jsonb_build_object(
                'code', task_code,
                'name', task_zh,
                'lead', lead_zh,
                'departments', department_count,
                'reported', reported_count,
                'percent', percent,
                'percent_change', percent_change,
                'problems', problem_count
            )
            order by task_order, task_code
        ) as documents
    from {{ ref('work_block_progress') }}
    group by period
),

scorecards as (
    select
        period,
        count(*) as indicators,
        count(*) filter (where value is not null) as with_value,
        count(*) filter (where state = 'missing') as missing,
        count(*) filter (where state = 'refused') as refused,
        count(*) filter (where warning = 'red') as red,
        count(*) filter (where warning = 'yellow') as yellow,
        bool_or(synthetic) as synthetic
    from {{ ref('indicator_scorecard_asof') }}
    where status in ('official', 'adopted')
    group by period
),

reports as (
    select
        period,
        bool_or(synthetic) as synthetic
    from {{ ref('semimonthly_summary') }}
    group by period
)

select
    editions.period as key,
    editions.finished_at as updated_at,
    jsonb_build_object(
        'version', 1,
        'period', editions.period,
        'edition', editions.edition,
        'system', editions.system,
        'year', editions.year,
        'number', editions.number,
        'cutoff', editions.cutoff,
        'indicators', coalesce(scorecards.indicators, 0),
        'with_value', coalesce(scorecards.with_value, 0),
        'missing', coalesce(scorecards.missing, 0),
        'refused', coalesce(scorecards.refused, 0),
        'red', coalesce(scorecards.red, 0),
        'yellow', coalesce(scorecards.yellow, 0),
        'tasks', coalesce(blocks.documents, '[]'),
        'synthetic', coalesce(scorecards.synthetic, false) or coalesce(reports.synthetic, false)
    ) as document
from editions
left join blocks on editions.period = blocks.period
left join scorecards on editions.period = scorecards.period
left join reports on editions.period = reports.period
