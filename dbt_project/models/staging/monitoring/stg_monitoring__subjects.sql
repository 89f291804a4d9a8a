-- Grain: one station, area or feed that can be warned about, with its name, as known at the as-of moment.
with areas as (
    {{ current_areas() }}
),

stations as (
    {{ latest_known('stations', ['code']) }}
)

select
    case level when 'city' then 'city' else 'area' end as subject_kind,
    code as subject,
    name_zh as subject_zh,
    null::timestamptz as ends
from areas

union all

select
    'station' as subject_kind,
    code as subject,
    name_zh || '站' as subject_zh,
    -- A station that was given up is not silent.
    ((valid_to + 1)::timestamp at time zone 'Asia/Shanghai') as ends
from stations

union all

select
    'feed' as subject_kind,
    feeds.feed as subject,
    feeds.name_zh as subject_zh,
    null::timestamptz as ends
from (
    values ('air_quality', '空气质量数据'), ('mobility', '移动数据'), ('layers', '图层数据'), ('imagery', '影像数据'),
    ('departmental', '部门填报数据'), ('progress', '进展报告'), ('meeting', '调度会决定'), ('yearbook', '统计资料')
) as feeds (feed, name_zh)
