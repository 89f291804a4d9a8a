-- Suspicious: one image under two dates or kinds. Names and compression aside the cells are the same: one is wrong.
{{ config(
    severity='warn',
    meta={
        'owner': 'department',
        'category': 'imagery',
        'description_zh': '同一幅影像以不同的日期或类别报送',
        'description_en': 'One image was handed in under different dates or kinds',
        'what_to_do_zh': '请核对说明文件中的日期和类别，把错的一次重新报送',
        'what_to_do_en': 'Ask which date and kind are right, and for the other one again',
    }
) }}

with tiles as (
    select * from {{ ref('stg_gate__scene_tiles') }}
)

select
    pixel_hash,
    count(distinct arrival_id) as arrivals,
    string_agg(distinct scene_filename || ' ' || filename, '；') as files
from tiles
group by pixel_hash
having count(distinct kind || ' ' || acquired) > 1
