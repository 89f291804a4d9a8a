-- Grain: one indicator of one system and year × a later year (or another system) that the catalogue has: whether the
-- two make one series. Only what is stated to be the same may be joined; what nobody looked at may not.
with indicators as (
    select * from {{ ref('stg_catalogue__system_indicators') }}
),

systems as (
    select distinct
        system,
        year
    from indicators
),

statements as (
    select * from {{ ref('stg_catalogue__comparabilities') }}
),

pairs as (
    select
        indicators.system as from_system,
        indicators.year as from_year,
        indicators.code as from_code,
        indicators.name_zh as from_name_zh,
        systems.system as to_system,
        systems.year as to_year
    from indicators
    inner join systems on (indicators.year, indicators.system) < (systems.year, systems.system)
    where indicators.status <> 'dropped'
),

stated as (
    select
        pairs.from_system,
        pairs.from_year,
        pairs.from_code,
        pairs.to_system,
        pairs.to_year,
        max(statements.to_code) filter (where statements.kind = 'same') as same_code,
        count(*) filter (where statements.kind <> 'same') as break_count,
        string_agg(distinct statements.kind, ';') filter (where statements.kind <> 'same') as break_kinds,
        string_agg(
            statements.note_zh, ' '
            order by statements.from_code is not null desc, statements.kind, statements.note_zh
        ) as reason_zh,
        string_agg(
            statements.note_en, ' '
            order by statements.from_code is not null desc, statements.kind, statements.note_zh
        ) as reason_en,
        string_agg(distinct statements.to_name_zh, '、') as to_name_zh,
        -- A statement is as sure as its least sure part.
        bool_and(statements.basis = 'verified') as is_verified
    from pairs
    inner join statements
        on
            pairs.from_system = statements.from_system
            and pairs.from_year = statements.from_year
            and pairs.to_system = statements.to_system
            and pairs.to_year = statements.to_year
            and (statements.from_code is null or pairs.from_code = statements.from_code)
    group by pairs.from_system, pairs.from_year, pairs.from_code, pairs.to_system, pairs.to_year
)

select
    pairs.from_system,
    pairs.from_year,
    pairs.from_code,
    pairs.from_name_zh,
    pairs.to_system,
    pairs.to_year,
    stated.same_code as to_code,
    stated.to_name_zh,
    stated.same_code is not null as may_be_joined,
    case
        when stated.same_code is not null then '可以连成序列'
        when stated.break_count > 0 then '不能连成序列'
        else '没有说明，不能连成序列'
    end as may_be_joined_zh,
    coalesce(stated.break_count, 0) as break_count,
    stated.break_kinds,
    stated.reason_zh,
    stated.reason_en,
    case when stated.is_verified then '已核' when stated.from_code is not null then '凭记忆，待核' end as basis_zh
from pairs
left join stated
    on
        pairs.from_system = stated.from_system
        and pairs.from_year = stated.from_year
        and pairs.from_code = stated.from_code
        and pairs.to_system = stated.to_system
        and pairs.to_year = stated.to_year
