"""Departments' self-checks: sections as handed in, and the figures that their text quotes."""

from alembic import op

revision = "0007"
down_revision = "0006"

RAW = """
create table raw.self_check_line (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    sheet text not null,
    row_no bigint not null,
    row_kind text not null,
    line_cell text not null,
    dimension_text text,
    section text,
    section_text text,
    paragraph_no bigint,
    body_text text,
    other_cells text not null default '{}',
    cells text not null default '{}',
    primary key (batch_id, line_no)
);
comment on table raw.self_check_line is
    '部门自查报告逐段原文。Grain: one paragraph of one section of a dimension, as handed in; notes stand around it.';
comment on column raw.self_check_line.section is
    'Which of the four sections the heading was read as; null where it is none of them. section_text is the heading.';
comment on column raw.self_check_line.cells is
    'JSON: column of this table to where it was read: a cell, or 第 n 段 of a Word document.';
"""

GATE = """
create table gate.self_check_line (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    system text,
    year integer,
    department_code text,
    dimension_code text,
    section text check (section in ('status', 'highlights', 'problems', 'measures')),
    paragraph_no bigint,
    text text,
    filled boolean,
    origin_text text,
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
comment on table gate.self_check_line is
    '部门自查报告逐段及校验结论。Grain: one paragraph of one gate run of a self-check.';
comment on column gate.self_check_line.filled is 'False: nothing but a placeholder (略, 见附件, the hint of the form).';
comment on column gate.self_check_line.origin_text is 'What the report says of itself before its first section.';

create table gate.self_check_figure (
    gate_run_id text not null references gate.run,
    line_no bigint not null,
    figure_no bigint not null,
    indicator_code text,
    item_code text,
    area_code text,
    name_text text not null,
    value_text text not null,
    value double precision not null,
    unit text not null,
    step double precision not null,
    bound text not null check (bound in ('equal', 'about', 'at_least', 'at_most')),
    about text not null
        check (about in ('present', 'other_time', 'change', 'plan', 'standard', 'other_place', 'part')),
    about_zh text,
    sentence text not null,
    primary key (gate_run_id, line_no, figure_no),
    check ((indicator_code is null) <> (item_code is null))
);
comment on table gate.self_check_figure is
    '自查报告引用的数字。Grain: one figure that a paragraph quotes of an indicator or an item.';
comment on column gate.self_check_figure.step is 'One unit of the last digit quoted: of 82.5 % it is 0.1.';
comment on column gate.self_check_figure.about is
    'present: of the examined period, and to be compared; all others are about something else, about_zh says what.';
comment on column gate.self_check_figure.area_code is 'The area that the sentence names; null: none.';

create view gate.current_self_check_line as
select
    self_check_line.*, current_run.arrival_id, current_run.received_at, current_run.sha256, current_run.filename
from gate.self_check_line as self_check_line
join gate.current_run as current_run on current_run.gate_run_id = self_check_line.gate_run_id
where current_run.feed = 'self_check';

create view gate.current_self_check_figure as
select self_check_figure.*, current_run.batch_id, current_run.received_at
from gate.self_check_figure as self_check_figure
join gate.current_run as current_run on current_run.gate_run_id = self_check_figure.gate_run_id
where current_run.feed = 'self_check';
"""

RIGHTS = """
grant select, insert on raw.self_check_line, gate.self_check_line, gate.self_check_figure to loader;
grant select on
    raw.self_check_line, gate.self_check_line, gate.self_check_figure,
    gate.current_self_check_line, gate.current_self_check_figure to transformer;
grant select on gate.current_self_check_line, gate.current_self_check_figure to loader;
"""


def upgrade() -> None:
    for script in (RAW, GATE, RIGHTS):
        op.execute(script)
