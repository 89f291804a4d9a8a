"""The half-month cycle: progress reports, the meeting's list, editions of summaries and their documents."""

from alembic import op

revision = "0002"
down_revision = "0001"

RAW = """
create table raw.progress_line (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    sheet text not null,
    row_no bigint not null,
    row_kind text not null,
    line_cell text not null,
    task_text text,
    period_text text,
    work_text text,
    status_text text,
    focus_text text,
    problems_text text,
    next_text text,
    percent_text text,
    percent_cell_kind text,
    reason_text text,
    responsible_text text,
    date_text text,
    other_cells text not null default '{}',
    cells text not null default '{}',
    primary key (batch_id, line_no)
);
comment on table raw.progress_line is
    '半月进展报告逐项原文。Grain: one task of one report (workbook or Word), as handed in.';
comment on column raw.progress_line.cells is
    'JSON: column of this table to where it was read: a cell, or 第 n 段 of a Word document.';

create table raw.meeting_line (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    sheet text not null,
    row_no bigint not null,
    row_kind text not null,
    line_cell text not null,
    difficulty_text text,
    decision_text text,
    assigned_text text,
    due_text text,
    date_text text,
    note_text text,
    other_cells text not null default '{}',
    cells text not null default '{}',
    primary key (batch_id, line_no)
);
comment on table raw.meeting_line is '调度会议题清单逐条原文。Grain: one decision of one meeting, as handed in.';

create index on raw.arrival (feed, received_at);
create index on gate.run (batch_id);
"""

# The same rows as before, asked batch by batch: a filter on feed or time of arrival now saves the rest of the work.
CURRENT_RUN = """
create or replace view gate.current_run as
select
    latest.*, batch.arrival_id, batch.feed, batch.rows_read, batch.read_error_code, batch.read_error_zh,
    arrival.department_text, arrival.filename, arrival.sha256, arrival.received_at
from raw.arrival as arrival
join raw.batch as batch on batch.arrival_id = arrival.arrival_id
cross join lateral (
    select run.*
    from gate.run as run
    left join lateral (
        select max(reaffirmation.reaffirmed_at) as reaffirmed_at
        from gate.reaffirmation as reaffirmation
        where reaffirmation.gate_run_id = run.gate_run_id
    ) as again on true
    where run.batch_id = batch.batch_id
    order by greatest(run.gated_at, again.reaffirmed_at) desc, run.gate_run_id
    limit 1
) as latest;
create index on raw.batch (arrival_id);
"""

GATE = """
create table gate.progress_line (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    department_code text,
    task_code text,
    period date,
    percent double precision,
    work_text text,
    status_text text,
    focus_text text,
    problems_text text,
    next_text text,
    reason_text text,
    responsible_text text,
    report_date date,
    percent_text text,
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
create index on gate.progress_line (period);
comment on table gate.progress_line is '半月进展逐项及校验结论。Grain: one line of one gate run of a report.';
comment on column gate.progress_line.period is 'The nominal due date that names the reporting period.';
comment on column gate.progress_line.percent is '0 to 100.';

create table gate.meeting_line (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    difficulty_id text,
    decision text check (decision in ('assigned', 'settled')),
    assigned_department text,
    due_date date,
    decided_on date,
    note_text text,
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
create index on gate.meeting_line (difficulty_id);
comment on table gate.meeting_line is '调度会决定逐条及校验结论。Grain: one line of one gate run of a meeting list.';

create view gate.current_progress_line as
select
    progress_line.*, current_run.arrival_id, current_run.received_at, current_run.sha256, current_run.filename
from gate.progress_line as progress_line
join gate.current_run as current_run on current_run.gate_run_id = progress_line.gate_run_id
where current_run.feed = 'progress';

create view gate.current_meeting_line as
select
    meeting_line.*, current_run.arrival_id, current_run.received_at, current_run.sha256, current_run.filename
from gate.meeting_line as meeting_line
join gate.current_run as current_run on current_run.gate_run_id = meeting_line.gate_run_id
where current_run.feed = 'meeting';
"""

OPS = """
create table ops.edition (
    period text not null,
    edition integer not null check (edition >= 1),
    system text not null,
    year integer not null,
    number integer,
    cutoff timestamptz not null,
    code_hash text not null,
    catalogue_hash text not null,
    gate_hash text not null,
    status text not null check (status in ('running', 'success', 'failed')),
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    primary key (period, edition)
);
comment on table ops.edition is '半月小结的版次。Grain: one edition of the summary of one reporting period.';
comment on column ops.edition.gate_hash is
    'Of the judgements received by the cut-off: equal code, catalogue and gate hashes give no new edition.';

comment on column ops.edition.number is 'Of the period in its campaign, from 1.';

create table ops.edition_node_result (
    period text not null,
    edition integer not null,
    unique_id text not null,
    resource_type text not null,
    status text not null,
    severity text,
    seconds double precision,
    failures bigint,
    message text,
    row_count bigint,
    primary key (period, edition, unique_id),
    foreign key (period, edition) references ops.edition
);
comment on table ops.edition_node_result is
    '每个版次各模型与检验的结果。Grain: one node of one edition of the summary of one reporting period.';
comment on column ops.edition_node_result.row_count is 'Of a model: the rows that the edition has in its table.';

create table ops.preparation (
    only_one boolean primary key default true check (only_one),
    code_hash text not null,
    seeds_hash text not null,
    prepared_at timestamptz not null default clock_timestamp()
);
comment on table ops.preparation is
    '半月小结的表、视图与目录按哪一版代码和文件备好。Grain: one row: the code and seed files that stand ready.';

create table ops.document (
    period text not null,
    edition integer not null,
    kind text not null check (kind in ('brief', 'annex')),
    path text not null,
    sha256 text not null,
    size_bytes bigint not null,
    rendered_at timestamptz not null default clock_timestamp(),
    primary key (period, edition, kind, sha256),
    foreign key (period, edition) references ops.edition
);
comment on table ops.document is '半月小结的文件。Grain: one rendering of one document that differs from those before.';
"""

RIGHTS = """
grant select, insert on raw.progress_line, raw.meeting_line, gate.progress_line, gate.meeting_line to loader;
grant select on
    raw.progress_line, raw.meeting_line, gate.progress_line, gate.meeting_line,
    gate.current_progress_line, gate.current_meeting_line to transformer;
grant select on gate.current_progress_line, gate.current_meeting_line to loader;
grant select, insert, update on ops.edition to transformer;
grant select, insert, update, delete on ops.edition_node_result, ops.preparation to transformer;
grant select, insert, update on ops.document to transformer;
"""


def upgrade() -> None:
    for script in (RAW, CURRENT_RUN, GATE, OPS, RIGHTS):
        op.execute(script)
