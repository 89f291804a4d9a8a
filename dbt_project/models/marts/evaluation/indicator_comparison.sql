-- Grain: one indicator of one system and year, in its headline area, and one comparison of its value: with the target,
-- the previous year, the peer cities (their median, and the rank among them), a third party. Where either number is
-- missing there is no row: what is missing is no zero.
with scorecard as (
    select * from {{ ref('indicator_scorecard') }}
    where value is not null
),

examinations as (
    select * from {{ ref('stg_catalogue__examinations') }}
),

peer_values as (
    select
        peer_value.*,
        scorecard.direction,
        scorecard.value as city_value
    from {{ ref('peer_value') }} as peer_value
    inner join scorecard
        on
            peer_value.system = scorecard.system
            and peer_value.year = scorecard.year
            and peer_value.code = scorecard.code
    where peer_value.peer_kind = 'city'
),

peer_groups as (
    select
        system,
        year,
        code,
        count(*)::integer as peer_count,
        percentile_cont(0.5) within group (order by value) as median,
        count(*) filter (where {{ is_better('direction', 'value', 'city_value') }})::integer as better_count,
        string_agg(distinct peer_group, '、') as groups_zh,
        string_agg(distinct filename, '、') as files_zh,
        max(received_at) as received_at,
        bool_or(synthetic) as synthetic
    from peer_values
    group by system, year, code
),

-- Of several third parties the one that was received last.
third_parties as (
    select distinct on (system, year, code) *
    from {{ ref('third_party_comparison') }}
    where difference is not null and not area_differs and not period_differs
    order by system, year, code, received_at desc, comparison_key
),

targets as (
    select
        scorecard.*,
        case
            when scorecard.target_operator <> 'range' then scorecard.target_value
            -- Of a range the bound that is nearer.
            when
                abs(scorecard.value - scorecard.target_value) <= abs(scorecard.value - scorecard.target_value_high)
                then scorecard.target_value
            else scorecard.target_value_high
        end as bound
    from scorecard
    where scorecard.target_value is not null
),

compared as (
    select
        system,
        year,
        code,
        'target' as comparison,
        bound as compared_with,
        '目标 ' || target_text as compared_with_zh,
        score >= 100 as better,
        null::integer as rank,
        null::integer as of_count,
        '目标 ' || target_text || '，' || case
            when score >= 100 then '达到目标'
            else '未达到目标，差 ' || {{ difference_with_unit('abs(value - bound)', 'unit') }}
        end as clause_zh,
        target_source as source_zh,
        false as synthetic
    from targets
    union all
    select
        scorecard.system,
        scorecard.year,
        scorecard.code,
        'previous_year' as comparison,
        scorecard.previous_value as compared_with,
        (extract(year from examinations.period_end)::integer - 1)::text || ' 年' as compared_with_zh,
        {{ is_better('scorecard.direction', 'scorecard.value', 'scorecard.previous_value') }} as better,
        null as rank,
        null as of_count,
        '上年为 ' || {{ with_unit('scorecard.previous_value', 'scorecard.unit') }} || '，' || case
            when {{ same_number('scorecard.value', 'scorecard.previous_value') }} then '与上年相同'
            else
                case when scorecard.value > scorecard.previous_value then '比上年高 ' else '比上年低 ' end
                || {{ difference_with_unit('abs(scorecard.value - scorecard.previous_value)', 'scorecard.unit') }}
                || case {{ is_better('scorecard.direction', 'scorecard.value', 'scorecard.previous_value') }}
                    when true then '，向好'
                    when false then '，变差'
                    else ''
                end
        end as clause_zh,
        scorecard.sources_zh as source_zh,
        false as synthetic
    from scorecard
    inner join examinations on scorecard.system = examinations.system and scorecard.year = examinations.year
    where scorecard.previous_value is not null
    union all
    select
        scorecard.system,
        scorecard.year,
        scorecard.code,
        'peer' as comparison,
        peer_groups.median as compared_with,
        peer_groups.groups_zh || '中位数（' || peer_groups.peer_count || ' 个城市）' as compared_with_zh,
        {{ is_better('scorecard.direction', 'scorecard.value', 'peer_groups.median') }} as better,
        case when scorecard.direction in ('higher', 'lower') then peer_groups.better_count + 1 end as rank,
        peer_groups.peer_count + 1 as of_count,
        peer_groups.groups_zh || ' ' || peer_groups.peer_count || ' 个同类城市的中位数为 '
        || {{ with_unit('peer_groups.median', 'scorecard.unit') }}
        || case
            when scorecard.direction in ('higher', 'lower')
                then
                    '，连本市在内 ' || (peer_groups.peer_count + 1) || ' 个城市中排第 '
                    || (peer_groups.better_count + 1)
            else '，这一指标没有高低之分，不排名'
        end as clause_zh,
        peer_groups.files_zh as source_zh,
        peer_groups.synthetic
    from scorecard
    inner join peer_groups
        on
            scorecard.system = peer_groups.system
            and scorecard.year = peer_groups.year
            and scorecard.code = peer_groups.code
    union all
    select
        scorecard.system,
        scorecard.year,
        scorecard.code,
        'third_party' as comparison,
        third_parties.third_party_value as compared_with,
        coalesce(third_parties.sender_text, '第三方') as compared_with_zh,
        {{ is_better('scorecard.direction', 'scorecard.value', 'third_parties.third_party_value') }} as better,
        null as rank,
        null as of_count,
        coalesce(third_parties.sender_text, '第三方') || '评估为 '
        || {{ with_unit('third_parties.third_party_value', 'scorecard.unit') }}
        || case
            when third_parties.sign_zh like '一致%' then '，与本市的值' || third_parties.sign_zh
            when third_parties.difference > 0
                then '，比本市的值高 ' || {{ difference_with_unit('third_parties.difference', 'scorecard.unit') }}
            else '，比本市的值低 ' || {{ difference_with_unit('abs(third_parties.difference)', 'scorecard.unit') }}
        end
        || case
            when third_parties.definition_differs then '（口径不同）'
            when third_parties.definition_differs is null then '（第三方没有说明口径）'
            else ''
        end as clause_zh,
        third_parties.filename as source_zh,
        third_parties.synthetic
    from scorecard
    inner join third_parties
        on
            scorecard.system = third_parties.system
            and scorecard.year = third_parties.year
            and scorecard.code = third_parties.code
            and scorecard.area_code = third_parties.area_code
)

select
    compared.system,
    compared.year,
    compared.code,
    scorecard.name_zh,
    scorecard.dimension_code,
    scorecard.area_code,
    scorecard.area_zh,
    compared.comparison,
    {{ comparison_zh('compared.comparison') }} as comparison_zh,
    scorecard.value,
    scorecard.unit,
    scorecard.direction,
    compared.compared_with,
    compared.compared_with_zh,
    {{ settled('scorecard.value - compared.compared_with') }} as difference,
    {{ relative_difference('scorecard.value', 'compared.compared_with') }} as relative_difference,
    compared.better,
    compared.rank,
    compared.of_count,
    compared.clause_zh,
    scorecard.name_zh || '（' || scorecard.area_zh || '）为 ' || {{ with_unit('scorecard.value', 'scorecard.unit') }}
    || '；' || compared.clause_zh || '。' as sentence_zh,
    compared.source_zh,
    scorecard.synthetic or compared.synthetic as synthetic
from compared
inner join scorecard
    on
        compared.system = scorecard.system
        and compared.year = scorecard.year
        and compared.code = scorecard.code
