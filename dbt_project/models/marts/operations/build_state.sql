-- Grain: one row: the newest build of the marts, and whether what they show may be used.
with builds as (
    select * from {{ source('ops', 'build') }}
),

node_results as (
    select * from {{ source('ops', 'dbt_node_result') }}
),

failed as (
    select
        build_id,
        string_agg(unique_id, '; ' order by unique_id) as failed_nodes
    from node_results
    where status in ('error', 'fail', 'runtime error', 'partial success')
    group by build_id
),

newest as (
    select * from builds
    order by build_id desc
    limit 1
)

select
    newest.build_id,
    newest.scope,
    newest.status,
    case newest.status
        when 'success' then '可以使用'
        when 'running' then '正在更新，请稍候'
        else '未通过检验，请勿使用，等待下一次构建'
    end as status_zh,
    failed.failed_nodes,
    newest.started_at,
    newest.finished_at
from newest
left join failed on newest.build_id = failed.build_id
