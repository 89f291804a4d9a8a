"""Measures against problems, and notes of site interviews."""

from alembic import op

revision = "0008"
down_revision = "0007"

RAW = """
create table raw.rectification_line (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    sheet text not null,
    row_no bigint not null,
    row_kind text not null,
    line_cell text not null,
    problem_text text,
    measure_no_text text,
    owner_text text,
    measure_text text,
    deadline_text text,
    milestones_text text,
    status_text text,
    percent_text text,
    percent_cell_kind text,
    date_text text,
    note_text text,
    other_cells text not null default '{}',
    cells text not null default '{}',
    primary key (batch_id, line_no)
);
comment on table raw.rectification_line is '整改措施清单逐条原文。Grain: one measure of one list, as handed in.';

create table raw.interview_note (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    sheet text not null,
    row_no bigint not null,
    row_kind text not null,
    line_cell text not null,
    note_id_text text,
    date_text text,
    place_text text,
    area_text text,
    person_text text,
    subject_text text,
    note_text text,
    interviewer_text text,
    masked_persons bigint not null default 0,
    masked_phones bigint not null default 0,
    masked_ids bigint not null default 0,
    other_cells text not null default '{}',
    cells text not null default '{}',
    primary key (batch_id, line_no)
);
comment on table raw.interview_note is
    '实地访谈记录，入库时已遮盖姓名、电话、证件号码。Grain: one note of one list, persons, phones and ids masked.';
"""

GATE = """
create table gate.rectification_line (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    sender_department text,
    measure_id text,
    problem_id text,
    owner_department text,
    measure_text text,
    deadline date,
    milestones text,
    status text check (status in ('planned', 'under_way', 'done', 'cancelled')),
    percent double precision,
    report_date date,
    note_text text,
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
create index on gate.rectification_line (problem_id);
comment on table gate.rectification_line is
    '整改措施逐条及校验结论。Grain: one line of one gate run of a list of measures.';
comment on column gate.rectification_line.measure_id is 'Problem, owner and number: ECO07/housing/1.';
comment on column gate.rectification_line.milestones is
    'JSON: array of {"due": date or null, "text": what is to be reached}, in the order written.';

create table gate.interview_note (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    note_id text,
    held_on date,
    place_text text,
    area_code text,
    dimension_code text,
    indicator_code text,
    problem_id text,
    note_text text,
    interviewer text,
    masked_count bigint not null default 0,
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
create index on gate.interview_note (problem_id);
comment on table gate.interview_note is
    '实地访谈记录及校验结论。Grain: one line of one gate run of a list of interview notes.';

create view gate.current_rectification_line as
select
    rectification_line.*, current_run.arrival_id, current_run.received_at, current_run.sha256, current_run.filename
from gate.rectification_line as rectification_line
join gate.current_run as current_run on current_run.gate_run_id = rectification_line.gate_run_id
where current_run.feed = 'rectification';

create view gate.current_interview_note as
select
    interview_note.*, current_run.arrival_id, current_run.received_at, current_run.sha256, current_run.filename
from gate.interview_note as interview_note
join gate.current_run as current_run on current_run.gate_run_id = interview_note.gate_run_id
where current_run.feed = 'interview';
"""

RIGHTS = """
grant select, insert on
    raw.rectification_line, raw.interview_note, gate.rectification_line, gate.interview_note to loader;
grant select on
    raw.rectification_line, raw.interview_note, gate.rectification_line, gate.interview_note,
    gate.current_rectification_line, gate.current_interview_note to transformer;
grant select on gate.current_rectification_line, gate.current_interview_note to loader;
"""


def upgrade() -> None:
    for script in (RAW, GATE, RIGHTS):
        op.execute(script)
