-- Grain: one dimension of one system and year: its scorecard as one JSON document, version 1.
with dimensions as (
    select * from {{ ref('dimension_scorecard') }}
),

synthetic as (
    select
        system,
        year,
        dimension_code,
        bool_or(synthetic) as synthetic
    from {{ ref('indicator_scorecard') }}
    group by system, year, dimension_code
),

documents as (
    select
        concat_ws('/', dimensions.system, dimensions.year, dimensions.dimension_code) as key,
        jsonb_build_object(
            'version', 1,
            'system', dimensions.system,
            'year', dimensions.year,
            'code', dimensions.dimension_code,
            'name', dimensions.dimension_zh,
            'kind', dimensions.dimension_kind,
            'order', dimensions.sort_order,
            'score', dimensions.score,
            'score_basis', dimensions.score_basis_zh,
            'indicators', dimensions.indicator_count,
            'applicable', dimensions.applicable_count,
            'scored', dimensions.scored_count,
            'missing', dimensions.missing_count,
            'refused', dimensions.refused_count,
            'not_applicable', dimensions.not_applicable_count,
            'no_standard', dimensions.no_standard_count,
            'red', dimensions.red_count,
            'yellow', dimensions.yellow_count,
            'synthetic', coalesce(synthetic.synthetic, false)
        ) as document
    from dimensions
    left join synthetic
        on
            dimensions.system = synthetic.system
            and dimensions.year = synthetic.year
            and dimensions.dimension_code = synthetic.dimension_code
)

{{ documents_since('documents') }}
