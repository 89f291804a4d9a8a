-- Suspicious: a layer that replaces one of its kind and year has far fewer features. A layer counts whole: a file of
-- the corrected features alone, or of one county, silently takes the place of all others.
{{ config(
    severity='warn',
    meta={
        'owner': 'department',
        'category': 'layers',
        'description_zh': '重新报送的图层比它所替换的少了两成以上的要素',
        'description_en': 'A layer handed in again has a fifth fewer features than the one that it replaces',
        'what_to_do_zh': '图层按整层替换：请核对是否只报送了一部分，须报送完整图层',
        'what_to_do_en': 'A layer is replaced as a whole: ask whether only a part was sent, and for the whole layer',
    }
) }}

with layers as (
    select
        *,
        lag(accepted_features) over (
            partition by kind, extract(year from valid_on) order by received_at, arrival_id
        ) as replaced_features
    from {{ ref('stg_gate__layers') }}
)

select
    kind,
    valid_on,
    filename,
    arrival_id,
    accepted_features,
    replaced_features
from layers
where accepted_features < 0.8 * replaced_features
