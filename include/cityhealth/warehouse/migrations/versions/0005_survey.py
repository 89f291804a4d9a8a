"""Satisfaction surveys: answers as handed in, their judgement, and what was estimated from them."""

from alembic import op

revision = "0005"
down_revision = "0004"

RAW = """
create table raw.survey_answer (
    batch_id text not null references raw.batch,
    line_no bigint not null,
    row_kind text not null check (row_kind in ('data', 'note')),
    sheet text,
    cell text,
    respondent_text text,
    answers text not null default '{}',
    masked_phone bigint not null default 0,
    masked_id bigint not null default 0,
    codebook text,
    codebook_name text,
    codebook_sha256 text,
    primary key (batch_id, line_no)
);
comment on table raw.survey_answer is
    '问卷原样，逐人一行；文字中的电话和身份证号入库时已屏蔽。Grain: one respondent; a note holds the codebook.';
comment on column raw.survey_answer.answers is 'JSON: column of the file → text of the cell, filled ones only.';
comment on column raw.survey_answer.codebook is 'JSON, in the note of the file: the codebook that came with it.';
"""

GATE = """
create table gate.survey_answer (
    gate_run_id text not null references gate.run,
    batch_id text not null,
    line_no bigint not null,
    wave text,
    respondent_id text,
    weight double precision,
    cluster_id text,
    stratum_id text,
    area_code text,
    groups text not null default '{}',
    scores text not null default '{}',
    missing text not null default '{}',
    verdict text not null check (verdict in ('accepted', 'refused', 'blank')),
    marked boolean not null,
    sheet text,
    cell text,
    primary key (gate_run_id, line_no)
);
create index on gate.survey_answer (wave, respondent_id);
comment on table gate.survey_answer is '问卷逐人得分及校验结论。Grain: one respondent of one file of one gate run.';
comment on column gate.survey_answer.groups is 'JSON: kind of group (age_group …) → the group of the respondent.';
comment on column gate.survey_answer.scores is 'JSON: question → 0–100, as the scale of the codebook says.';
comment on column gate.survey_answer.missing is
    'JSON: question → dont_know, refused, not_applicable, or skip_broken (answered though it was to be skipped).';

create view gate.current_survey_answer as
select
    survey_answer.*, current_run.arrival_id, current_run.received_at, current_run.sha256, current_run.filename
from gate.survey_answer as survey_answer
join gate.current_run as current_run on current_run.gate_run_id = survey_answer.gate_run_id
where current_run.feed = 'survey';
"""

OPS = """
create table ops.survey_result (
    result_key text primary key,
    wave text not null,
    received_at timestamptz not null,
    arrival_id text not null references raw.arrival,
    filename text not null,
    sha256 text not null,
    survey_zh text not null,
    codebook_version text,
    codebook_name text,
    codebook_sha256 text,
    fielded_from date,
    fielded_to date,
    files bigint not null,
    filenames text not null,
    handed_in bigint not null,
    accepted bigint not null,
    refused bigint not null,
    superseded bigint not null,
    masked_phone bigint not null,
    masked_id bigint not null,
    least_weight double precision,
    largest_weight double precision,
    weighted boolean not null,
    clusters bigint,
    strata bigint,
    method_zh text not null,
    computed_at timestamptz not null default clock_timestamp()
);
comment on table ops.survey_result is
    '满意度推算结果，可随时重算。Grain: a wave as it stood when one of its files had been received.';
comment on column ops.survey_result.result_key is
    'Hash of judgements, codebook, catalogue and method: equal inputs are estimated once.';

create table ops.survey_estimate (
    result_key text not null references ops.survey_result on delete cascade,
    subject_kind text not null check (subject_kind in ('overall', 'dimension', 'question')),
    subject_code text not null,
    subject_zh text not null,
    dimension_code text,
    indicator_code text,
    area_code text not null,
    group_kind text not null,
    group_zh text not null,
    answers bigint,
    satisfaction double precision,
    standard_error double precision,
    ci_low double precision,
    ci_high double precision,
    design_effect double precision,
    importance double precision,
    importance_basis text check (importance_basis in ('stated', 'derived')),
    suppressed boolean not null,
    suppression_zh text,
    primary key (result_key, subject_kind, subject_code, area_code, group_kind, group_zh)
);
comment on table ops.survey_estimate is
    '满意度指数及置信区间；回答不足者及可由合计倒推者不入库。Grain: one subject, area and group of one result.';
"""

RIGHTS = """
grant select, insert on raw.survey_answer, gate.survey_answer to loader;
grant select on gate.current_survey_answer to loader;
grant select, insert, update, delete on ops.survey_result, ops.survey_estimate to loader;
grant select on
    raw.survey_answer, gate.survey_answer, gate.current_survey_answer, ops.survey_result, ops.survey_estimate
    to transformer;
"""


def upgrade() -> None:
    for script in (RAW, GATE, OPS, RIGHTS):
        op.execute(script)
