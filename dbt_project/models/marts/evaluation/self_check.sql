-- Grain: one department and dimension of an examination: what the department's own self-check says.
with lines as (
    select * from {{ ref('int_self_check_lines_in_force') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
),

dimensions as (
    select * from {{ ref('stg_catalogue__dimensions') }}
),

figures as (
    select
        system,
        year,
        department_code,
        dimension_code,
        count(*) as figures_quoted,
        count(*) filter (where judgement <> 'not_compared') as figures_compared,
        count(*) filter (where judgement = 'contradicts') as contradictions
    from {{ ref('int_self_check_figures_compared') }}
    group by system, year, department_code, dimension_code
),

texts as (
    select
        system,
        year,
        department_code,
        dimension_code,
        string_agg(text, e'\n' order by line_no) filter (where section = 'status' and filled) as status_text,
        string_agg(text, e'\n' order by line_no) filter (where section = 'highlights' and filled) as highlights_text,
        string_agg(text, e'\n' order by line_no) filter (where section = 'problems' and filled) as problems_text,
        string_agg(text, e'\n' order by line_no) filter (where section = 'measures' and filled) as measures_text,
        count(distinct section) filter (where filled)::integer as sections_present,
        bool_or(marked) as marked,
        max(received_at) as received_at,
        max(filename) as filename,
        max(sha256) as sha256,
        bool_or(synthetic) as synthetic
    from lines
    group by system, year, department_code, dimension_code
)

select
    concat_ws('/', texts.system, texts.year, texts.department_code, texts.dimension_code) as self_check_key,
    texts.system,
    texts.year,
    texts.department_code,
    departments.name_zh as department_zh,
    texts.dimension_code,
    dimensions.name_zh as dimension_zh,
    texts.status_text,
    texts.highlights_text,
    texts.problems_text,
    texts.measures_text,
    texts.sections_present,
    coalesce(figures.figures_quoted, 0) as figures_quoted,
    coalesce(figures.figures_compared, 0) as figures_compared,
    coalesce(figures.contradictions, 0) as contradictions,
    texts.marked,
    texts.received_at,
    texts.filename,
    texts.sha256,
    texts.synthetic
from texts
left join departments on texts.department_code = departments.code
left join dimensions on texts.dimension_code = dimensions.code
left join figures
    on
        texts.system = figures.system
        and texts.year = figures.year
        and texts.department_code = figures.department_code
        and texts.dimension_code = figures.dimension_code
