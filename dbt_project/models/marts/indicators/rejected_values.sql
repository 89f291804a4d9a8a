-- Grain: one line (or a whole file) × one critical rule it breaks, in the file's latest gate run.
with failing_rows as (
    select * from {{ ref('stg_gate__failing_rows') }}
    where severity = 'critical'
),

in_force as (
    select * from {{ ref('int_item_values_superseded') }}
    where standing = 'in_force'
),

mended as (
    select distinct failing_rows.line_key
    from failing_rows
    inner join in_force
        on
            failing_rows.department_code = in_force.department_code
            and failing_rows.item_code = in_force.item_code
            and failing_rows.area_code = in_force.area_code
            and failing_rows.period = in_force.period
            and failing_rows.received_at < in_force.received_at
),

lines as (
    select * from {{ ref('stg_gate__item_values') }}
),

names as (
    select
        code as department_code,
        unnest(string_to_array(concat_ws(';', name_zh, aliases), ';')) as name_zh
    from {{ ref('stg_catalogue__departments') }}
),

-- The sender of a file that could not be read is known by the name that came with it, else by its file name.
batch_departments as (
    select distinct on (failing_rows.batch_id)
        failing_rows.batch_id,
        coalesce(lines.department_code, names.department_code) as department_code
    from failing_rows
    left join lines on failing_rows.batch_id = lines.batch_id and lines.department_code is not null
    left join names
        on
            trim(names.name_zh) <> ''
            and case
                when coalesce(trim(failing_rows.department_text), '') <> ''
                    then trim(failing_rows.department_text) = trim(names.name_zh)
                else position(trim(names.name_zh) in failing_rows.filename) > 0
            end
    order by failing_rows.batch_id asc, lines.department_code asc nulls last, length(names.name_zh) desc nulls last
),

mended_files as (
    select distinct failing_rows.batch_id
    from failing_rows
    inner join batch_departments on failing_rows.batch_id = batch_departments.batch_id
    inner join lines
        on
            batch_departments.department_code = lines.department_code
            and failing_rows.feed = lines.feed
            and failing_rows.received_at < lines.received_at
            and lines.verdict = 'accepted'
    where failing_rows.line_key is null
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

departments as (
    select * from {{ ref('stg_catalogue__departments') }}
)

select
    concat_ws(
        '/', failing_rows.batch_id, failing_rows.rule_code, coalesce(failing_rows.line_no, -1), failing_rows.item_code
    ) as rejection_key,
    failing_rows.batch_id,
    failing_rows.rule_code,
    failing_rows.scope,
    failing_rows.feed,
    batch_departments.department_code,
    coalesce(departments.name_zh, failing_rows.department_text) as department_zh,
    failing_rows.filename,
    failing_rows.sheet,
    failing_rows.cell,
    failing_rows.item_code,
    items.name_zh as item_zh,
    failing_rows.area_code,
    failing_rows.period,
    failing_rows.value_text,
    failing_rows.reason_zh,
    failing_rows.advice_zh,
    mended.line_key is not null or mended_files.batch_id is not null as is_mended,
    failing_rows.receipt_path,
    failing_rows.received_at
from failing_rows
left join mended on failing_rows.line_key = mended.line_key
left join mended_files on failing_rows.line_key is null and failing_rows.batch_id = mended_files.batch_id
left join items on failing_rows.item_code = items.code
left join batch_departments on failing_rows.batch_id = batch_departments.batch_id
left join departments on batch_departments.department_code = departments.code
