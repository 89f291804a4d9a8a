"""Versions of the city's report and their sign-offs."""

from alembic import op

revision = "0009"
down_revision = "0008"

OPS = """
create table ops.examination_report (
    system text not null,
    year integer not null,
    version integer not null check (version >= 1),
    state text not null check (state in ('draft', 'expert_review', 'submitted')),
    content_hash text not null,
    path text not null,
    sha256 text not null,
    size_bytes bigint not null,
    data_as_of timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (system, year, version)
);
comment on table ops.examination_report is
    '城市自体检报告的版本。Grain: one version of the report of one system and year.';
comment on column ops.examination_report.content_hash is
    'Of the document without its version, state and sign-offs: equal content makes no new version.';
comment on column ops.examination_report.data_as_of is 'When the newest of what it rests on was received.';

create table ops.examination_sign_off (
    system text not null,
    year integer not null,
    version integer not null,
    state text not null check (state in ('expert_review', 'submitted')),
    signed_by text not null check (signed_by <> ''),
    signed_at timestamptz not null,
    note text,
    signed_sha256 text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (system, year, version, state),
    foreign key (system, year, version) references ops.examination_report
);
comment on table ops.examination_sign_off is
    '城市自体检报告各版本的审签。Grain: one step of one version to its next state.';
comment on column ops.examination_sign_off.signed_sha256 is 'Of the document that was before them.';
"""

# Whoever writes to these tables: what went up to the ministry stays what it was.
FROZEN = """
create function ops.keep_submitted_reports() returns trigger language plpgsql as $$
begin
    if old.state = 'submitted' then
        raise exception 'version % of the report of % % was submitted and cannot change',
            old.version, old.system, old.year;
    end if;
    return case tg_op when 'DELETE' then old else new end;
end;
$$;
create trigger submitted_reports_stay before update or delete on ops.examination_report
for each row execute function ops.keep_submitted_reports();
"""

RIGHTS = """
grant select, insert, update on ops.examination_report to transformer;
grant select, insert on ops.examination_sign_off to transformer;
"""


def upgrade() -> None:
    for script in (OPS, FROZEN, RIGHTS):
        op.execute(script)
