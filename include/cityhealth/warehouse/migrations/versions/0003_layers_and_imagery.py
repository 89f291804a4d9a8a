"""Layers, imagery, and the values measured from them."""

from alembic import op

revision = "0003"
down_revision = "0002"

RAW = """
create table raw.layer_feature (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    layer text not null,
    row_kind text not null check (row_kind in ('layer', 'feature')),
    feature_no bigint,
    geometry bytea,
    attributes text not null default '{}',
    primary key (batch_id, line_no)
);
comment on table raw.layer_feature is
    '图层要素原样。Grain: one feature of one layer as handed in; before its features one row for the layer itself.';
comment on column raw.layer_feature.geometry is 'WKB in the reference system of the layer, as handed in, unrepaired.';
comment on column raw.layer_feature.attributes is
    'JSON. Of a feature: its attributes as handed in. Of a layer: kind, crs, datum, date, source, licence, encoding.';

create table raw.scene_tile (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    filename text not null,
    sha256 text not null,
    size_bytes bigint not null,
    kind_text text,
    acquired_text text,
    profile text not null default '{}',
    pixel_hash text,
    problem_code text,
    problem_zh text,
    manifest text not null default '{}',
    primary key (batch_id, line_no)
);
comment on table raw.scene_tile is '影像分幅概况，影像本身留在收件区。Grain: one raster file of one scene.';
comment on column raw.scene_tile.profile is
    'JSON: driver, crs, transform, bounds, size, bands, nodata, valid and cloud share; empty where there is a problem.';

create table raw.measured_value (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    feed text not null,
    measurement text not null,
    method text not null,
    method_version integer not null,
    parameters text not null default '{}',
    item_text text,
    area_text text,
    period_text text,
    value_text text,
    unit_text text,
    valid_share double precision,
    cloud_share double precision,
    min_valid_share double precision,
    problem_zh text,
    refused_features bigint not null default 0,
    inputs text not null default '[]',
    primary key (batch_id, line_no)
);
comment on table raw.measured_value is
    '由图层或影像测得的值。Grain: one measurement of one area and year; of an arrival the newest partition counts.';
comment on column raw.measured_value.inputs is
    'JSON: kind, date, origin, arrival_id, filename, sha256 and gate_run_id of each layer and scene used.';
comment on column raw.measured_value.refused_features is 'Features of the layers used that the gate refused.';
comment on column raw.measured_value.problem_zh is 'Why there is no value: what is missing.';
comment on column raw.measured_value.valid_share is 'Of a scene: part of the area that was recorded and not hidden.';

create view raw.standing_batch as
select batch.*
from raw.batch as batch
where batch.raw_table <> 'measured_value' or not exists (
    select 1
    from raw.batch as newer
    where newer.arrival_id = batch.arrival_id
        and newer.raw_table = 'measured_value'
        and newer.partition > batch.partition
);
comment on view raw.standing_batch is
    '批次，重新测算过的只留最近一次。Batches but for those that a newer measuring replaced.';
"""

# Of an arrival that was measured again, the newer partition stands once it is judged.
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
) as latest
where batch.raw_table <> 'measured_value' or not exists (
    select 1
    from raw.batch as newer
    where newer.arrival_id = batch.arrival_id
        and newer.raw_table = 'measured_value'
        and newer.partition > batch.partition
        and exists (select 1 from gate.run as judged where judged.batch_id = newer.batch_id)
);
"""

GATE = """
create table gate.layer_feature (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    layer text not null,
    feature_no bigint,
    kind text,
    valid_on date,
    geometry bytea,
    attributes text not null default '{}',
    problem text,
    area_before_m2 double precision,
    area_after_m2 double precision,
    in_city boolean,
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
create index on gate.layer_feature (kind, valid_on);
comment on table gate.layer_feature is
    '图层要素及校验结论，坐标统一为 CGCS2000（EPSG:4490）。Grain: one feature of one gate run.';
comment on column gate.layer_feature.geometry is 'WKB, degrees of EPSG:4490, valid.';
comment on column gate.layer_feature.attributes is
    'JSON: the attributes of the kind under their standard names, typed; the others under their own, as text.';

create table gate.scene_tile (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    filename text not null,
    sha256 text not null,
    kind text,
    acquired date,
    valid_share double precision,
    cloud_share double precision,
    pixel_hash text,
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
comment on table gate.scene_tile is '影像分幅及校验结论。Grain: one raster file of one gate run of a scene.';

create view gate.current_layer_feature as
select
    layer_feature.*, current_run.arrival_id, current_run.received_at, current_run.sha256, current_run.filename
from gate.layer_feature as layer_feature
join gate.current_run as current_run on current_run.gate_run_id = layer_feature.gate_run_id
where current_run.feed = 'layers';

create view gate.current_scene_tile as
select
    scene_tile.*, current_run.arrival_id, current_run.received_at,
    current_run.filename as scene_filename, current_run.sha256 as scene_sha256
from gate.scene_tile as scene_tile
join gate.current_run as current_run on current_run.gate_run_id = scene_tile.gate_run_id
where current_run.feed = 'imagery';

create view gate.current_measured_value as
select
    measured_value.*, item_value.item_code, item_value.area_code, item_value.period, item_value.value,
    item_value.unit, item_value.verdict, item_value.marked, item_value.department_code,
    current_run.arrival_id, current_run.received_at, current_run.filename
from raw.measured_value as measured_value
join gate.current_run as current_run on current_run.batch_id = measured_value.batch_id
left join gate.item_value as item_value
    on item_value.gate_run_id = current_run.gate_run_id and item_value.line_no = measured_value.line_no;
"""

OPS = """
alter table ops.outcome drop constraint outcome_step_check;
alter table ops.outcome add check (step in ('landed', 'read', 'gated', 'measured', 'built'));

create table ops.tile_answer (
    arrival_id text not null references raw.arrival,
    question_hash text not null,
    part integer not null,
    answers text not null,
    answered_at timestamptz not null default clock_timestamp(),
    primary key (arrival_id, question_hash, part)
);
comment on table ops.tile_answer is
    '影像各部分的分区统计，可随时重算。Grain: what one part of a scene adds to each area, for one set of questions.';

create table ops.area_boundary (
    code text primary key,
    name_zh text,
    level text,
    valid_from date,
    geojson text not null,
    sha256 text not null
);
comment on table ops.area_boundary is
    '参照区划边界，构建时由 GeoPackage 读入。Grain: one area of the reference boundaries as last read.';
comment on column ops.area_boundary.geojson is 'Degrees of EPSG:4490.';
comment on column ops.area_boundary.sha256 is 'Of the GeoPackage.';

-- Geometry for maps, made by dbt where the server has PostGIS; elsewhere it stays empty.
create schema gis;
"""

RIGHTS = """
grant select, insert on
    raw.layer_feature, raw.scene_tile, raw.measured_value, gate.layer_feature, gate.scene_tile, ops.tile_answer
    to loader;
grant select on
    raw.layer_feature, raw.scene_tile, raw.measured_value, gate.layer_feature, gate.scene_tile,
    gate.current_layer_feature, gate.current_scene_tile, gate.current_measured_value to transformer;
grant select, insert, delete on ops.area_boundary to transformer;
grant all on schema gis to transformer;
grant usage on schema gis to reader;
grant select on
    raw.standing_batch, gate.current_layer_feature, gate.current_scene_tile, gate.current_measured_value to loader;
"""


def upgrade() -> None:
    for script in (RAW, CURRENT_RUN, GATE, OPS, RIGHTS):
        op.execute(script)
