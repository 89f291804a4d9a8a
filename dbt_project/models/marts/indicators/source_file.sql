-- Grain: one file that an indicator's numbers rest on, as handed in: the file itself, or one that came with it.
with lines as (
    select distinct
        system,
        year,
        code,
        arrival_id,
        feed,
        department_code,
        department_zh,
        {{ is_synthetic('filename', 'source_text') }} as synthetic
    from {{ ref('value_lineage') }}
),

-- Of several departments behind one arrival (an office that sends for others) the row names them all.
senders as (
    select
        system,
        year,
        code,
        arrival_id,
        min(feed) as feed,
        string_agg(distinct department_zh, '、') as department_zh,
        bool_or(synthetic) as synthetic
    from lines
    group by system, year, code, arrival_id
),

arrivals as (
    select * from {{ ref('stg_gate__arrivals') }}
),

files as (
    select
        senders.*,
        'data' as kind,
        arrivals.filename,
        arrivals.sha256,
        arrivals.size_bytes,
        arrivals.received_at
    from senders
    inner join arrivals on senders.arrival_id = arrivals.arrival_id
    union all
    select
        senders.*,
        'attachment' as kind,
        attached.filename,
        attached.sha256,
        null as size_bytes,
        arrivals.received_at
    from senders
    inner join arrivals on senders.arrival_id = arrivals.arrival_id
    cross join lateral (
        select distinct
            one.file ->> 'filename' as filename,
            one.file ->> 'sha256' as sha256
        from jsonb_array_elements(arrivals.attachments) as one (file)
    ) as attached
)

select
    system,
    year,
    code,
    arrival_id,
    kind,
    case kind when 'data' then '报送文件' else '随附原始数据' end as kind_zh,
    feed,
    department_zh,
    filename,
    sha256,
    size_bytes,
    received_at,
    synthetic
from files
