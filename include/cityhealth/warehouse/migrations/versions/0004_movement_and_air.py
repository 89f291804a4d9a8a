"""Movement data, air-quality readings, and early warning."""

from alembic import op

revision = "0004"
down_revision = "0003"

RAW = """
create table raw.mobility_part (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    filename text not null,
    sha256 text not null,
    size_bytes bigint not null,
    kind_text text,
    source_text text,
    day_text text,
    row_count bigint,
    columns text not null default '{}',
    profile text not null default '{}',
    store_key text,
    problem_code text,
    problem_zh text,
    manifest text not null default '{}',
    primary key (batch_id, line_no)
);
comment on table raw.mobility_part is
    '移动数据分区概况，数据本身留在收件区（限制访问）。Grain: one file of a partition (source and day).';
comment on column raw.mobility_part.columns is 'JSON: column of the file → its type, in the order of the file.';
comment on column raw.mobility_part.profile is 'JSON: counts of what was seen on entry (cityhealth.mobility.entry).';
comment on column raw.mobility_part.store_key is
    'Name of the file of the restricted store with its rows under hashed device ids; empty where there is a problem.';

create table raw.air_reading (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    row_kind text not null check (row_kind in ('data', 'note')),
    record_no bigint,
    cell text,
    station_text text,
    station_name text,
    area_text text,
    hour_text text,
    pollutant_text text,
    value_text text,
    unit_text text,
    primary key (batch_id, line_no)
);
comment on table raw.air_reading is
    '空气质量小时值原样，逐项为文本。Grain: one pollutant of one station and hour; a note says what a file also had.';

alter table raw.measured_value add column devices bigint;
comment on column raw.measured_value.devices is 'Of movement data: how many devices a value rests on.';
"""

GATE = """
create table gate.mobility_part (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    filename text not null,
    sha256 text not null,
    kind text,
    source text,
    day date,
    row_count bigint,
    store_key text,
    people_per_device double precision,
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
create index on gate.mobility_part (kind, day);
comment on table gate.mobility_part is '移动数据分区及校验结论。Grain: one file of a partition of one gate run.';

create table gate.air_reading (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    station_code text,
    hour timestamptz,
    pollutant text,
    value double precision,
    unit text,
    state text,
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    value_text text,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
create index on gate.air_reading (station_code, hour);
comment on table gate.air_reading is
    '空气质量小时值及校验结论。Grain: one pollutant of one station and hour of one gate run.';
comment on column gate.air_reading.hour is 'The end of the hour over which was averaged, as stations report it.';

-- Its columns are those of raw.measured_value when it was made.
drop view gate.current_measured_value;
create view gate.current_measured_value as
select
    measured_value.*, item_value.item_code, item_value.area_code, item_value.period, item_value.value,
    item_value.unit, item_value.verdict, item_value.marked, item_value.department_code,
    current_run.arrival_id, current_run.received_at, current_run.filename
from raw.measured_value as measured_value
join gate.current_run as current_run on current_run.batch_id = measured_value.batch_id
left join gate.item_value as item_value
    on item_value.gate_run_id = current_run.gate_run_id and item_value.line_no = measured_value.line_no;

create view gate.current_mobility_part as
select
    mobility_part.*, current_run.arrival_id, current_run.received_at,
    current_run.filename as arrival_filename, current_run.sha256 as arrival_sha256
from gate.mobility_part as mobility_part
join gate.current_run as current_run on current_run.gate_run_id = mobility_part.gate_run_id
where current_run.feed = 'mobility';

create view gate.current_air_reading as
select
    air_reading.*, current_run.arrival_id, current_run.received_at, current_run.sha256, current_run.filename
from gate.air_reading as air_reading
join gate.current_run as current_run on current_run.gate_run_id = air_reading.gate_run_id
where current_run.feed = 'air_quality';
"""

OPS = """
create table ops.mobility_partial (
    partial_key text primary key,
    kind text not null,
    source text not null,
    day date not null,
    rows_in bigint not null,
    rows_kept bigint not null,
    removed text not null default '{}',
    drifting bigint not null,
    engine text not null,
    seconds double precision not null,
    computed_at timestamptz not null default clock_timestamp()
);
comment on table ops.mobility_partial is
    '移动数据按日的中间结果，可随时重算。Grain: one partition cleaned and summed up by one set of rules and areas.';
comment on column ops.mobility_partial.removed is 'JSON: cleaning rule → rows that it took out.';
comment on column ops.mobility_partial.drifting is
    'Rows kept of vehicles that stood still: what they seemed to move is drift and no distance.';

create table ops.presence_cell (
    batch_id text not null references raw.batch,
    year bigint not null,
    part_of_day text not null check (part_of_day in ('night', 'day')),
    cell text not null,
    lon double precision not null,
    lat double precision not null,
    cell_m double precision not null,
    people double precision not null,
    devices bigint not null,
    primary key (batch_id, year, part_of_day, cell)
);
comment on table ops.presence_cell is
    '网格昼夜人口，设备数不足者不入库。Grain: one grid cell by night or day of one measured batch of movement data.';

create table ops.commute_flow (
    batch_id text not null references raw.batch,
    year bigint not null,
    home_area text not null,
    work_area text not null,
    people double precision not null,
    minutes double precision,
    distance_m double precision,
    devices bigint not null,
    primary key (batch_id, year, home_area, work_area)
);
comment on table ops.commute_flow is
    '职住流量，设备数不足者不入库。Grain: one pair of home and work area of one measured batch of movement data.';

create table ops.speed_day (
    batch_id text not null references raw.batch,
    area_code text not null,
    day date not null,
    distance_km double precision not null,
    hours double precision not null,
    devices bigint not null,
    primary key (batch_id, area_code, day)
);
comment on table ops.speed_day is
    '逐日高峰车速，设备数不足者不入库。Grain: one area and working day of one measured batch of movement data.';

create table ops.air_hour (
    subject_kind text not null check (subject_kind in ('station', 'city')),
    subject_code text not null,
    hour timestamptz not null,
    so2 double precision,
    no2 double precision,
    co double precision,
    o3 double precision,
    pm10 double precision,
    pm2_5 double precision,
    aqi integer,
    primary_pollutants text,
    station_count integer not null,
    derived_at timestamptz not null default clock_timestamp(),
    primary key (subject_kind, subject_code, hour)
);
create index on ops.air_hour (derived_at);
comment on table ops.air_hour is
    '逐时空气质量，由现行读数推算，可随时重算。Grain: one station, or the city, and hour.';
comment on column ops.air_hour.co is 'Milligrams per cubic metre; the others micrograms.';

create table ops.air_day (
    subject_kind text not null check (subject_kind in ('station', 'city')),
    subject_code text not null,
    day date not null,
    so2 double precision,
    no2 double precision,
    co double precision,
    o3_8h double precision,
    pm10 double precision,
    pm2_5 double precision,
    aqi integer,
    primary_pollutants text,
    is_valid boolean not null,
    station_count integer not null,
    derived_at timestamptz not null default clock_timestamp(),
    primary key (subject_kind, subject_code, day)
);
create index on ops.air_day (derived_at);
comment on table ops.air_day is
    '逐日空气质量（HJ 633—2012），由现行读数推算，可随时重算。Grain: one station, or the city, and day.';

create table ops.air_derived (
    arrival_id text primary key references raw.arrival,
    gate_run_id text not null
);
comment on table ops.air_derived is
    '已经计入逐时逐日结果的到件及其校验。Grain: one arrival of readings by the judgement that was last derived from.';

create table ops.warning_told (
    rule_code text not null,
    subject text not null,
    level text not null check (level in ('yellow', 'red', 'clear')),
    raised_at timestamptz not null,
    told_at timestamptz not null default clock_timestamp(),
    primary key (rule_code, subject)
);
comment on table ops.warning_told is
    '已经告知的预警状态，同一预警不重复告知。Grain: what people were last told of one rule and subject.';
"""

RIGHTS = """
grant select, insert on
    raw.mobility_part, raw.air_reading, gate.mobility_part, gate.air_reading, ops.mobility_partial,
    ops.presence_cell, ops.commute_flow, ops.speed_day to loader;
grant select, insert, update, delete on ops.air_hour, ops.air_day, ops.air_derived to loader;
grant select on
    raw.mobility_part, raw.air_reading, gate.mobility_part, gate.air_reading, gate.current_mobility_part,
    gate.current_air_reading, ops.mobility_partial, ops.presence_cell, ops.commute_flow, ops.speed_day,
    ops.air_hour, ops.air_day to transformer;
grant select on gate.current_mobility_part, gate.current_air_reading, gate.current_measured_value to loader;
grant select on gate.current_measured_value to transformer;
grant select, insert, update on ops.warning_told to transformer;
"""


def upgrade() -> None:
    for script in (RAW, GATE, OPS, RIGHTS):
        op.execute(script)
