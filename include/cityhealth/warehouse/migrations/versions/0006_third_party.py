"""The third party's indicator values beside the city's."""

from alembic import op

revision = "0006"
down_revision = "0005"

RAW = """
create table raw.third_party_value (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    sheet text not null,
    row_no bigint not null,
    row_kind text not null,
    value_cell text not null,
    heading_text text,
    city_text text,
    indicator_text text,
    indicator_name text,
    area_text text,
    period_text text,
    value_text text,
    value_cell_kind text,
    unit_text text,
    definition_text text,
    method_text text,
    source_text text,
    remarks_text text,
    other_cells text not null default '{}',
    cells text not null default '{}',
    primary key (batch_id, line_no)
);
comment on table raw.third_party_value is
    '第三方指标值逐项原文。Grain: one line of one table of a third party, as handed in.';
comment on column raw.third_party_value.heading_text is
    'What stands above the table''s header on its sheet, one cell per line: the city is often named only there.';
"""

GATE = """
create table gate.third_party_value (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    sender_text text,
    system text not null,
    year integer not null,
    indicator_code text,
    area_code text,
    period text,
    period_start date,
    period_end date,
    value double precision,
    unit text,
    state text not null check (state in ('value', 'not_applicable', 'withdrawn', 'blank')),
    value_text text,
    unit_text text,
    definition_text text,
    method_text text,
    source_text text,
    remarks_text text,
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
create index on gate.third_party_value (indicator_code);
comment on table gate.third_party_value is
    '第三方指标值逐项及校验结论。Grain: one line of one gate run of a third party''s file.';
comment on column gate.third_party_value.year is 'The year of the examination, not of the value: that is the period.';
comment on column gate.third_party_value.value is 'In the unit of the indicator; unit_text is what was handed in.';

create view gate.current_third_party_value as
select
    third_party_value.*, current_run.arrival_id, current_run.received_at, current_run.sha256, current_run.filename
from gate.third_party_value as third_party_value
join gate.current_run as current_run on current_run.gate_run_id = third_party_value.gate_run_id
where current_run.feed = 'third_party';
"""

RIGHTS = """
grant select, insert on raw.third_party_value, gate.third_party_value to loader;
grant select on raw.third_party_value, gate.third_party_value, gate.current_third_party_value to transformer;
grant select on gate.current_third_party_value to loader;
"""


def upgrade() -> None:
    for script in (RAW, GATE, RIGHTS):
        op.execute(script)
