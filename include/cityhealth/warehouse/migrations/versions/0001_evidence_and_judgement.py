"""Evidence (raw), judgement (gate), runs (ops), history of marts, and who may do what.

There is no downgrade: evidence is never thrown away by a program. Going back is a restore (docs/backup-restore.md).
"""

from alembic import op

revision = "0001"
down_revision = None

RAW = """
create schema raw;

create table raw.arrival (
    arrival_id text primary key,
    feed text not null,
    department_text text,
    filename text not null,
    sha256 text not null,
    size_bytes bigint not null,
    received_at timestamptz not null,
    attachments jsonb not null default '[]',
    recorded_at timestamptz not null default now()
);
comment on table raw.arrival is '到件登记：一行为一次收件。Grain: one receipt of a file.';
comment on column raw.arrival.received_at is 'When it reached the city office, not when it was loaded.';

create table raw.batch (
    batch_id text primary key,
    arrival_id text not null references raw.arrival,
    partition text not null default '',
    feed text not null,
    raw_table text not null,
    rows_read bigint not null,
    read_error_code text,
    read_error_zh text,
    read_error_place text,
    loaded_at timestamptz not null default now(),
    unique (arrival_id, partition)
);
comment on table raw.batch is '批次：一次到件（或其一个分区）在一个事务内装载。Grain: one arrival and partition.';

create table raw.departmental_row (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    sheet text not null,
    row_no bigint not null,
    row_kind text not null,
    value_cell text,
    item_text text,
    area_text text,
    period_text text,
    value_text text,
    unit_text text,
    state_text text,
    source_text text,
    method_text text,
    remarks_text text,
    attachment_text text,
    value_cell_kind text,
    other_cells text not null default '{}',
    cells text not null default '{}',
    primary key (batch_id, line_no)
);
comment on column raw.departmental_row.cells is
    'JSON: column of this table to the cell that it was read from, or would be.';
comment on table raw.departmental_row is '部门填报表逐行原文。Grain: one line of a workbook, as handed in.';

create table raw.yearbook_cell (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    sheet text not null,
    cell text not null,
    layout text not null,
    item_text text,
    area_text text,
    period_text text,
    value_text text,
    unit_text text,
    missing boolean not null default false,
    primary key (batch_id, line_no)
);
comment on column raw.yearbook_cell.missing is 'The text is one of the layout''s marks for no value.';
comment on table raw.yearbook_cell is '外来统计表按版式读出的单元格原文。Grain: one cell of a foreign table.';
"""

GATE = """
create schema gate;

create table gate.run (
    gate_run_id text primary key,
    batch_id text not null references raw.batch,
    suite text not null,
    suite_hash text not null,
    catalogue_hash text not null,
    verdict text not null check (verdict in ('accepted', 'partly', 'refused')),
    rows_in bigint not null,
    rows_accepted bigint not null,
    rows_refused bigint not null,
    rows_blank bigint not null,
    warnings bigint not null,
    receipt_path text,
    receipt_sha256 text,
    gated_at timestamptz not null default clock_timestamp(),
    check (rows_in = rows_accepted + rows_refused)
);
comment on table gate.run is '校验记录。Grain: one batch judged with one suite and one catalogue.';

create table gate.reaffirmation (
    gate_run_id text not null references gate.run,
    reaffirmed_at timestamptz not null default clock_timestamp(),
    primary key (gate_run_id, reaffirmed_at)
);
comment on table gate.reaffirmation is
    '目录或规则改回原样后，原结论重新生效。Grain: one moment at which an earlier run became the current one again.';

create table gate.result (
    gate_run_id text not null references gate.run,
    rule_code text not null,
    expectation_type text not null,
    severity text not null,
    scope text not null,
    success boolean not null,
    failing_count bigint not null,
    primary key (gate_run_id, rule_code)
);
comment on table gate.result is '每条校验规则的结果。Grain: one expectation of one gate run.';

create table gate.failing_row (
    gate_run_id text not null references gate.run,
    rule_code text not null,
    severity text not null,
    scope text not null,
    line_no bigint,
    sheet text,
    cell text,
    item_code text,
    value_text text,
    reason_zh text not null,
    advice_zh text not null
);
create index on gate.failing_row (gate_run_id);
comment on table gate.failing_row is
    '未通过或带警告的行及原因。Grain: one line (or none: the whole batch) failing one rule.';

create table gate.item_value (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    feed text not null,
    source_kind text not null,
    department_code text,
    item_code text,
    area_code text,
    period text,
    period_start date,
    period_end date,
    value double precision,
    unit text,
    state text not null check (state in ('value', 'not_applicable', 'withdrawn', 'blank')),
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    value_text text,
    unit_text text,
    source_text text,
    method_text text,
    remarks_text text,
    attachment_text text,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
comment on table gate.item_value is '数据项值及校验结论。Grain: one line of one gate run.';

create view gate.current_run as
select
    latest.*, batch.arrival_id, batch.feed, batch.rows_read, batch.read_error_code, batch.read_error_zh,
    arrival.department_text, arrival.filename, arrival.sha256, arrival.received_at
from (
    select distinct on (run.batch_id) run.*
    from gate.run as run
    left join (
        select gate_run_id, max(reaffirmed_at) as reaffirmed_at from gate.reaffirmation group by gate_run_id
    ) as again on again.gate_run_id = run.gate_run_id
    order by run.batch_id, greatest(run.gated_at, again.reaffirmed_at) desc, run.gate_run_id
) as latest
join raw.batch as batch on batch.batch_id = latest.batch_id
join raw.arrival as arrival on arrival.arrival_id = batch.arrival_id;

create view gate.current_item_value as
select
    item_value.*, current_run.arrival_id, current_run.received_at, current_run.sha256, current_run.filename
from gate.item_value as item_value
join gate.current_run as current_run on current_run.gate_run_id = item_value.gate_run_id;

create view gate.current_failing_row as
select
    failing_row.*, current_run.batch_id, current_run.feed, current_run.received_at,
    item_value.department_code, item_value.area_code, item_value.period
from gate.failing_row as failing_row
join gate.current_run as current_run on current_run.gate_run_id = failing_row.gate_run_id
left join gate.item_value as item_value
    on item_value.gate_run_id = failing_row.gate_run_id and item_value.line_no = failing_row.line_no;

-- Candidates while they are judged; unlogged tables come and go.
create schema gate_work;
"""

OPS = """
create schema ops;

create table ops.outcome (
    outcome_id bigint generated always as identity primary key,
    feed text,
    step text not null check (step in ('landed', 'read', 'gated', 'built')),
    object text not null,
    success boolean not null,
    message text not null default '',
    run text not null default '',
    seconds double precision,
    at timestamptz not null default clock_timestamp()
);
create index on ops.outcome (step, object, at desc);
comment on table ops.outcome is '每一步对每个对象的结果。Grain: one step tried on one object, success or why not.';

create table ops.build (
    build_id bigint generated always as identity primary key,
    code_hash text not null,
    catalogue_hash text not null,
    gate_hash text not null,
    scope text not null,
    status text not null default 'running' check (status in ('running', 'success', 'failed')),
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);
comment on table ops.build is 'dbt 构建记录。Grain: one run of dbt build.';
comment on column ops.build.gate_hash is
    'Of the judgements it read: equal code, catalogue and gate hashes give equal marts.';
comment on column ops.build.scope is 'all, or the dbt selection, and the moment as of which it was built.';

create table ops.dbt_node_result (
    build_id bigint not null references ops.build,
    unique_id text not null,
    resource_type text not null,
    status text not null,
    severity text,
    seconds double precision,
    failures bigint,
    message text,
    primary key (build_id, unique_id)
);
comment on table ops.dbt_node_result is '每个模型与检验的结果。Grain: one node of one build.';

create schema history;
create table history.mart_row (
    mart text not null,
    row_key text not null,
    row_content jsonb not null,
    content_hash text not null,
    first_build_id bigint not null references ops.build,
    last_build_id bigint not null references ops.build,
    primary key (mart, row_key, first_build_id)
);
comment on table history.mart_row is
    '指标成果表的历次取值。Grain: one row of a mart, for the builds in which it stood unchanged.';
"""

RIGHTS = """
grant usage on schema raw, gate, ops to loader;
grant usage, create on schema gate_work to loader;
grant select, insert on all tables in schema raw, gate to loader;
grant select, insert on ops.outcome to loader;

grant usage on schema raw, gate, ops, history to transformer;
grant select on all tables in schema raw, gate to transformer;
grant select, insert, update on all tables in schema ops, history to transformer;

revoke create on schema public from public;

do $$
declare layer text;
begin
    foreach layer in array array['catalogue', 'staging', 'intermediate', 'marts'] loop
        execute format('create schema %I', layer);
        execute format('grant all on schema %I to transformer', layer);
    end loop;
end $$;
grant usage on schema marts to reader;
"""


def upgrade() -> None:
    for script in (RAW, GATE, OPS, RIGHTS):
        op.execute(script)
