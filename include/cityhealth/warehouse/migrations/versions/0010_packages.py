"""Packages that went out, and the schema that the city's command platform reads."""

from alembic import op

revision = "0010"
down_revision = "0009"

OPS = """
create table ops.package (
    audience text not null check (audience in ('ministry', 'public', 'third_party')),
    system text not null,
    year integer not null,
    version integer not null check (version >= 1),
    path text not null,
    sha256 text not null,
    size_bytes bigint not null,
    file_count integer not null,
    format_version text not null,
    synthetic boolean not null,
    data_as_of timestamptz,
    made_at timestamptz not null default clock_timestamp(),
    primary key (audience, system, year, version),
    unique (audience, system, year, sha256)
);
comment on table ops.package is
    '对外提供的数据包。Grain: one package that differs from those before, for one audience, system and year.';
comment on column ops.package.sha256 is 'Of the zip: equal marts and catalogue give equal bytes, and no new version.';
comment on column ops.package.data_as_of is 'When the newest of the files that it rests on was received.';
"""

# dbt fills it (dbt_project/models/platform). The login platform (cityhealth.warehouse.migrate) sees nothing else.
PLATFORM = """
create schema platform;
comment on schema platform is '城市智慧城市管理指挥平台的只读接口，按版本：v1_*。Read-only interface, versioned.';
grant all on schema platform to transformer;
grant usage on schema platform to reader, platform;
"""

RIGHTS = """
grant select, insert, update on ops.package to transformer;
"""


def upgrade() -> None:
    for script in (OPS, PLATFORM, RIGHTS):
        op.execute(script)
