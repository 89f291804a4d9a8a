"""`make demo` goes the whole way, says what happened, and speaks to nobody outside this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cityhealth import settings as settings_module
from cityhealth.catalogue import load
from cityhealth.hashing import sha256_hex
from cityhealth.sample_city.air import generate_air
from cityhealth.sample_city.movement import generate_movement
from cityhealth.spatial.reference import read_areas
from cityhealth.stack import LocalAirflow
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.embedded import EmbeddedServer
from requirements import require_program

pytestmark = pytest.mark.airflow

#: A network of its own: loopback, and a default route to a host that never answers. Whatever tries to leave the
#: machine, be it a name look-up below Python, sends at least an ARP request there, and the interface counts it.
_SILENCE = """
set -e
ip link set lo up
ip link add watch0 type veth peer name watch1
for i in watch0 watch1; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done
ip addr add 192.0.2.1/24 dev watch0
ip link set watch0 up
ip link set watch1 up
ip route add default via 192.0.2.2 dev watch0
"$@"
ip -s -j link show watch0 > "$PACKETS"
"""


def packets_sent(counters: Path) -> int:

    return json.loads(counters.read_text())[0]["stats64"]["tx"]["packets"]


def silent(folder: Path, *command: str) -> tuple[str, int]:
    """Output of a command that must succeed, and the packets that it tried to send off the machine."""
    require_program("ip", "iproute2")
    if os.geteuid() != 0:
        pytest.skip("only root can make a network namespace")
    counters = folder / "counters.json"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CITYHEALTH_HOME": str(folder / "var"),
        "PACKETS": str(counters),
        "COLUMNS": "160",
    }
    done = subprocess.run(
        ["unshare", "--net", "bash", "-c", _SILENCE, "silence", *command],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, packets_sent(counters)


def test_the_silence_is_real_a_look_up_or_a_connection_is_counted(tmp_path: Path) -> None:
    connect = (
        "import socket\n"
        "s = socket.socket(); s.settimeout(1)\n"
        "try: s.connect(('198.51.100.1', 443))\n"
        "except OSError: pass\n"
    )
    assert silent(tmp_path, sys.executable, "-c", "pass")[1] == 0
    assert silent(tmp_path, sys.executable, "-c", connect)[1] > 0


def test_the_demo_runs_through_airflow_prints_its_result_and_sends_nothing(tmp_path: Path) -> None:
    program = str(Path(sys.executable).parent / "cityhealth")
    output, sent = silent(tmp_path, program, "demo")
    assert sent == 0
    assert re.search(r"ingest_departmental 2021-05-20 success", output)
    assert re.search(r"self_examination 2021 success", output)
    assert re.search(r"layers: 20 files in: .* \d+ values measured", output)
    assert re.search(r"imagery: 5 files in: .* \d+ values measured", output)
    assert re.search(r"semimonthly_summary 2021-08-05 success \(\d/6\)", output)
    documents = [Path(line.strip()) for line in output.splitlines() if "/summaries/2021-08-05/" in line]
    assert [path.suffix for path in documents] == [".docx", ".xlsx"] and all(path.is_file() for path in documents)
    reports = [Path(line.strip()) for line in output.splitlines() if "/examinations/2021/" in line]
    assert [path.suffix for path in reports] == [".docx"] and reports[0].is_file()
    receipts = [Path(line.strip()) for line in output.splitlines() if line.strip().endswith("_回执.xlsx")]
    assert receipts and all(receipt.is_file() for receipt in receipts)

    settings = settings_module.from_environment({"CITYHEALTH_HOME": str(tmp_path / "var")})
    server = EmbeddedServer(settings)
    server.stop()  # it listens in the network that is gone
    warehouse = Warehouse(settings, server.start())
    try:
        assert LocalAirflow(settings, warehouse).running() == {}
        with warehouse.connect("reader") as connection:
            states = dict(
                connection.execute(
                    "select state, count(*) from indicator_scorecard where status = 'official' group by state"
                ).fetchall()
            )
            unknown = connection.execute(
                "select count(*) from indicator_scorecard where (value is null) = (state in ('value', 'no_standard'))"
            ).fetchone()
            summarised = connection.execute(
                "select period, count(*), count(*) filter (where state = 'reported') from semimonthly_summary"
                " group by period order by period"
            ).fetchall()
            recorded = connection.execute(
                "select sha256 from period_document where period = '2021-08-05' order by kind desc"
            ).fetchall()
            moved = dict(
                connection.execute(
                    "select item_code, value from measured_value where is_in_force and source_kind = 'mobility'"
                    " and area_code = '140500-BUA'"
                ).fetchall()
            )
            warned = set(
                connection.execute("select rule_code, subject, cleared_at is null from indicator_warning").fetchall()
            )
            judged = connection.execute(
                "select (select count(*) from satisfaction_index where subject_kind = 'dimension'"
                " and group_kind = 'all' and importance is not null), (select count(*) from third_party_comparison),"
                " (select count(*) from self_check), (select count(*) from rectification_status),"
                " (select count(*) from problem_list where status = 'awaiting_verification'),"
                " (select count(*) from problem_list where status = 'closed')"
            ).fetchone()
        with warehouse.connect("loader") as connection:
            unequal = connection.execute(
                "select feed, sum(data_rows), sum(judged) from ("
                " select batch.feed, (select count(*) from raw.departmental_row r"
                "   where r.batch_id = batch.batch_id and row_kind = 'data')"
                "  + (select count(*) from raw.yearbook_cell c where c.batch_id = batch.batch_id)"
                "  + (select count(*) from raw.progress_line p where p.batch_id = batch.batch_id and row_kind = 'data')"
                "  + (select count(*) from raw.meeting_line m where m.batch_id = batch.batch_id and row_kind = 'data')"
                "  + (select count(*) from raw.layer_feature f where f.batch_id = batch.batch_id)"
                "  + (select count(*) from raw.scene_tile t where t.batch_id = batch.batch_id)"
                "  + (select count(*) from raw.measured_value v where v.batch_id = batch.batch_id)"
                "  + (select count(*) from raw.mobility_part p where p.batch_id = batch.batch_id)"
                "  + (select count(*) from raw.air_reading a where a.batch_id = batch.batch_id and row_kind = 'data')"
                "  + (select count(*) from raw.survey_answer s where s.batch_id = batch.batch_id and row_kind = 'data')"
                "  + (select count(*) from raw.third_party_value t where t.batch_id = batch.batch_id"
                "   and row_kind = 'data')"
                "  + (select count(*) from raw.self_check_line c where c.batch_id = batch.batch_id"
                "   and row_kind = 'data')"
                "  + (select count(*) from raw.rectification_line r where r.batch_id = batch.batch_id"
                "   and row_kind = 'data')"
                "  + (select count(*) from raw.interview_note i where i.batch_id = batch.batch_id"
                "   and row_kind = 'data')"
                "  as data_rows,"
                "  rows_accepted + rows_refused + rows_blank as judged"
                " from raw.batch join gate.current_run using (batch_id)) per_batch group by feed"
                " having sum(data_rows) <> sum(judged)"
            ).fetchall()
    finally:
        server.stop()
    assert sum(states.values()) == 65
    assert set(states) == {"value", "no_standard", "missing", "refused", "not_applicable"}
    assert unknown == (0,)
    assert unequal == []
    assert [row[0] for row in summarised] == [
        "2021-05-20", "2021-06-05", "2021-06-20", "2021-07-05", "2021-07-20", "2021-08-05",
    ]  # fmt: skip
    assert all(0.8 * owed < reported < owed for _, owed, reported in summarised)
    catalogue = load(settings.seed_dir)
    truth = generate_movement(catalogue, read_areas(settings.areas_path)).truth
    factor = truth.commuting.people_per_device
    assert moved["commuting_population"] == pytest.approx(truth.commuting.commuters * factor)
    assert moved["commuters_under_5km"] == pytest.approx(truth.commuting.under_5km * factor)
    # Straight lines between fixes are a little shorter than streets.
    assert 0.96 < moved["peak_distance"] / moved["peak_time"] / truth.peak_speed < 1.0
    # Between two fixes of a phone lie some 20 minutes: it was seen at home longer ago than it left.
    seen = moved["commute_time_total"] / moved["commuting_population"]
    assert truth.commuting.minutes < seen < truth.commuting.minutes + 10
    for beyond in generate_air(catalogue).beyond:
        assert (beyond.rule, beyond.subject, beyond.last is None) in warned
    # All eight dimensions were asked of; of the measures one mended what it was for, and one has yet to show it.
    assert judged is not None and judged[0] == 8 and all(count > 0 for count in judged)
    # What the demo points to is what the warehouse recorded.
    assert [(sha256_hex(path.read_bytes()),) for path in documents] == recorded
