"""The city's values beside those of a third party and of peer cities, through one small city's marts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cities import File, Line, hand_in, settle
from pymcdm.weights import critic_weights
from scipy.stats import entropy
from third_parties import SENDER, Found, hand_in_found

from cityhealth.settings import Settings
from cityhealth.transform import build
from cityhealth.warehouse.connections import Warehouse

Ask = Callable[..., list[tuple[Any, ...]]]

PEERS = tuple(f"P{number}" for number in range(1, 8))
OURS = "绿色建筑占新建建筑的比例，按面积计。"

CATALOGUE = {
    "areas.csv": "".join(f"{code},{code}市,,other_city,P,,,,house,\n" for code in PEERS),
    "peers.csv": "".join(f"{code},city,邻近城市,相近,,house,\n" for code in PEERS) + "P,province,省,参照,,house,\n",
    "items.csv": "".join(
        f"peer_{code.lower()},{code}（同类城市）,{code} of peers,,{unit},context,{code},stats,yearbook,"
        "level:other_city,none,year,0,no,,,,,,,house,,\n"
        for code, unit in {
            "ECO04": "栋", "ECO06": "%", "ECO07": "%", "SAF03": "%", "LOC01": "张", "ECO01": "%",
        }.items()
    )
    + "census,普查人口,Census,,人,context,,stats,yearbook,level:county,none,point,0,no,,,,,,,house,,\n",
    # The same data examined by a system with one indicator and no peers.
    "examination.csv": "mohurd,2024,2020-01-01,2020-12-31,T-BUA,house\n",
    "indicators.csv": (
        "mohurd,2024,ECO02,2,ECO,最大组团,Cluster,平方公里,lower,,official,maximum,cluster_area,,1,T-BUA,,,,applicable,,"
        "planning,house,house,verified,,,,,\n"
    ),
}  # fmt: skip
OWN = (
    File("planning", [Line("cluster_area", "T-C1", 40), Line("cluster_area", "T-C2", 20)]),
    File("planning", [Line("built_area", "T-BUA", 26), Line("district_area", "T1", 100)]),
    File("housing", [Line("green_floor", "T-BUA", 85), Line("new_floor", "T-BUA", 100), Line("towers", "T-BUA", 2)]),
    File("stats", [Line("emission", "T", 3.03), Line("emission", "T", 3.3, period="2019")]),
    File("stats", [Line("trips_reported", "T", 40), Line("trips_reported", "T", 44, period="2019")]),
    File("stats", [Line("spa_beds", "T", 100), Line("spa_beds", "T1", 70), Line("spa_beds", "T2", 30)]),
    File("stats", [Line("census", "T", 900_000, period="2020-11-01")], feed="yearbook", source_kind="yearbook"),
)
#: Of each peer: green share, trips, beds, emission reduction (one has none), towers (as many as ours), intensity.
TABLE = {
    "P1": (70, 50, 10, 5.0, 2, 20), "P2": (80, 60, 20, 6.5, 2, 31), "P3": (60, 55, 60, 4.0, 2, 22),
    "P4": (90, 45, 30, 9.5, 2, 25), "P5": (75, 70, 25, None, 2, 27), "P6": (65, 65, 55, 3.0, 2, 29),
}  # fmt: skip
_CODES = ("peer_eco07", "peer_saf03", "peer_loc01", "peer_eco06", "peer_eco04", "peer_eco01")
OF_PEERS = (
    *(
        File(
            "stats",
            [Line(c, area, v, source="合成数据") for c, v in zip(_CODES, values, strict=True) if v is not None],
            feed="yearbook",
            source_kind="yearbook",
        )
        for area, values in TABLE.items()
    ),
    # Too little to be ranked by; a year that nobody examines; our own row of their table; what is no indicator.
    File("stats", [Line("peer_eco07", "P7", 50)], feed="yearbook", source_kind="yearbook"),
    File("stats", [Line("peer_eco07", "P1", 1, period="2018")], feed="yearbook", source_kind="yearbook"),
    File("stats", [Line(c, "T", 1) for c in _CODES], feed="yearbook", source_kind="yearbook", day=3),
    File("stats", [Line("census", "P1", 500_000, period="2020-11-01")], feed="yearbook", source_kind="yearbook"),
    File(
        "stats", [Line("spa_beds", "P2", 5_000), Line("green_floor", "P2", 1)], feed="yearbook", source_kind="yearbook"
    ),
)


FOUND = (
    (
        0,
        (
            Found("ECO07", 85, definition="绿色建筑占新建建筑的比例 按面积计"),
            Found("SAF03", 46, "T", definition="绿色出行占全部出行的比例"),
            Found("ECO06", 8, "T", unit_text="％"),
            Found("ECO04", 3, definition="高于80米的新建住宅", period="2019"),
            Found("LOC01", 100, "T1", definition="床位"),
            Found("ECO01", 30, "T", definition="开发强度", unit_text="‰"),
            Found("SAF01", 1.5, "T", definition="死亡率"),
            Found("SAF02", None, "T", state="not_applicable"),
            Found("ECO07", 12, definition="被退回的", verdict="refused"),
        ),
    ),
    # Later: a value corrected, one withdrawn.
    (2, (Found("LOC01", 70, "T1", definition="床位"), Found("SAF01", None, "T", state="withdrawn"))),
)  # fmt: skip


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root: Path = tmp_path_factory.mktemp("testville")
    settings = settle(module_warehouse.settings, root)
    for name, rows in CATALOGUE.items():
        with (settings.seed_dir / name).open("a", encoding="utf-8") as file:
            file.write(rows)
    indicators = settings.seed_dir / "indicators.csv"
    text = indicators.read_text("utf-8")
    indicators.write_text(
        text.replace("green_floor,new_floor,100,,,,", f"green_floor,new_floor,100,,{OURS},,", 1), "utf-8"
    )
    header = (settings.seed_dir / "corrections.csv").read_text("utf-8").splitlines()[0]
    (settings.seed_dir / "corrections.csv").write_text(header + "\n", "utf-8")
    return settings


def ask_as_reader(warehouse: Warehouse, query: str, *values: object) -> list[tuple[Any, ...]]:
    with warehouse.connect("reader") as connection:
        return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]


OWN_MARTS = ("indicator_scorecard", "dimension_scorecard", "indicator_value_by_area", "reporting_coverage")


def own_marts(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    return {mart: ask_as_reader(warehouse, f"select t::text from {mart} as t order by 1") for mart in OWN_MARTS}


@pytest.fixture(scope="module")
def before(module_warehouse: Warehouse, city: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """The city's own marts without peers and without a third party."""
    hand_in(module_warehouse, *OWN)
    build(module_warehouse, city)
    return own_marts(module_warehouse)


@pytest.fixture(scope="module")
def ask(module_warehouse: Warehouse, city: Settings, before: dict[str, Any]) -> Ask:
    hand_in(module_warehouse, *OF_PEERS)
    hand_in_found(module_warehouse, *FOUND)
    build(module_warehouse, city)
    return lambda query, *values: ask_as_reader(module_warehouse, query, *values)


def test_what_peers_and_third_parties_have_changes_nothing_of_the_city_s_own(
    module_warehouse: Warehouse, before: dict[str, list[tuple[Any, ...]]], ask: Ask
) -> None:
    after = own_marts(module_warehouse)
    assert all(before.values())
    assert after == before


def test_a_third_party_s_value_stands_beside_the_city_s_with_sign_and_what_of_the_definition_differs(ask: Ask) -> None:
    rows = ask(
        "select code, area_code, city_value, third_party_value, difference, sign_zh, exceeds_tolerance,"
        " definition_differs, differs_in_zh from third_party_comparison order by code, area_code"
    )
    assert rows == [
        ("ECO01", "T", 26, 30, 4, "第三方高于本市", True, True,
         "区域（第三方：测试市，本市：建成区）、计量单位（第三方：‰，已换算为%）"),
        ("ECO04", "T-BUA", 2, 3, 1, "第三方高于本市", True, True, "数据年份（第三方：2019，本市：2020）"),
        # Equal when rounded, but beyond the tolerance.
        ("ECO06", "T", pytest.approx(8.1818, abs=1e-4), 8, pytest.approx(-0.1818, abs=1e-4), "第三方低于本市", True,
         None, None),
        ("ECO07", "T-BUA", 85, 85, 0, "一致", False, False, None),
        ("LOC01", "T1", 70, 70, 0, "一致", False, None, None),
        ("SAF02", "T", None, None, None, "无法比较", None, None, None),
        ("SAF03", "T", 40, 46, 6, "第三方高于本市", True, None, None),
    ]  # fmt: skip


def test_both_definitions_and_the_cell_are_shown_and_a_note_says_what_comes_first(ask: Ask) -> None:
    ((ours, theirs, note, sheet, cell, sender),) = ask(
        "select definition_zh, definition_text, note_zh, sheet, cell, sender_text from third_party_comparison"
        " where code = 'ECO07'"
    )
    assert (ours, theirs) == (OURS, "绿色建筑占新建建筑的比例 按面积计")
    assert (note, sheet, cell, sender) == ("口径相同，相差在容差内", "评估", "F2", SENDER)
    assert ask("select note_zh from third_party_comparison where code = 'ECO01'") == [
        ("相差超过容差，区域（第三方：测试市，本市：建成区）、计量单位（第三方：‰，已换算为%）不同：先统一口径再比较",)
    ]


def test_the_reconciliation_has_what_is_of_one_area_and_year(ask: Ask) -> None:
    rows = ask(
        "select code, value_used, source_used, value_compared, source_compared, exceeds_tolerance"
        " from source_reconciliation where comparison = 'third_party' order by code"
    )
    assert rows == [
        ("ECO06", pytest.approx(8.1818, abs=1e-4), "city", 8, "third_party", True),
        ("ECO07", 85, "city", 85, "third_party", False),
        ("LOC01", 70, "city", 70, "third_party", False),
        ("SAF03", 40, "city", 46, "third_party", True),
    ]


def test_a_peer_s_value_is_shown_with_ours_its_file_and_whether_it_is_synthetic(ask: Ask) -> None:
    query = (
        "select year, code, area_zh, peer_kind, period, value, own_value, synthetic, cell from peer_value"
        " where item_code in ('peer_eco07', 'census') and area_code = 'P1' order by period, item_code"
    )
    assert ask(query) == [
        (None, "ECO07", "P1市", "city", "2018", 1, None, False, "D5"),
        (2021, "ECO07", "P1市", "city", "2020", 70, 85, True, "D5"),
        (None, None, "P1市", "city", "2020-11-01", 500_000, 900_000, False, "D5"),
    ]
    assert ask("select count(*) from peer_value where area_code not like 'P%'") == [(0,)]


def test_a_value_is_compared_with_target_year_peers_and_third_party(ask: Ask) -> None:
    rows = ask(
        "select comparison, compared_with, difference, better, rank, of_count, sentence_zh from indicator_comparison"
        " where code = %s order by comparison",
        "SAF03",
    )
    assert [row[:6] for row in rows] == [
        ("peer", 57.5, -17.5, False, 7, 7),
        ("previous_year", 44, -4, False, None, None),
        ("third_party", 46, -6, False, None, None),
    ]
    assert [row[6] for row in rows] == [
        "出行比例（测试市）为 40%；邻近城市 6 个同类城市的中位数为 57.5%，连本市在内 7 个城市中排第 7。",
        "出行比例（测试市）为 40%；上年为 44%，比上年低 4个百分点，变差。",
        "出行比例（测试市）为 40%；合成研究院评估为 46%，比本市的值高 6个百分点（第三方没有说明口径）。",
    ]
    ranks: dict[str, str] = dict(
        ask("select code, rank || '/' || of_count from indicator_comparison where comparison = 'peer'")
    )
    # Seven peers have ECO07; ECO04 is 2 everywhere; a range has no better side.
    assert ranks == {"ECO07": "2/8", "LOC01": "1/7", "ECO04": "1/7", "ECO06": "2/6", "SAF03": "7/7", "ECO01": None}


def test_an_indicator_is_a_strength_or_shortfall_by_its_target_else_by_its_rank_among_peers(ask: Ask) -> None:
    rows = ask("select code, judgement_zh, judged_by, rests_on from strength_and_shortfall where year = 2021")
    assert sorted(rows) == [
        ("ECO01", "优势", "target", 2),
        ("ECO02", "优势", "target", 1),
        ("ECO04", "短板", "target", 2),
        ("ECO07", "优势", "target", 3),
        ("LOC01", "优势", "peer", 1),
        ("SAF03", "短板", "peer", 3),
    ]


def test_every_number_of_the_evidence_is_one_of_the_marts(ask: Ask) -> None:
    """As the marts hold it, or rounded as a sentence shows it; names with digits in them apart."""
    for code, year, evidence in ask("select code, year, evidence_zh from strength_and_shortfall"):
        rows = ask(
            "select c.value, c.compared_with, c.difference, c.rank, c.of_count, c.of_count - 1, s.target_value,"
            " s.target_value_high from indicator_comparison as c join indicator_scorecard as s using"
            " (system, year, code) where c.code = %s and c.year = %s",
            code,
            year,
        )
        known = {shown(abs(number)) for row in rows for number in row if number is not None}
        said = set(re.findall(r"\d+(?:\.\d+)?", evidence))
        assert said and said <= known, (evidence, said - known)


def shown(number: float) -> str:
    return f"{round(float(number), 2 if abs(number) >= 1 else 4):.4f}".rstrip("0").rstrip(".")


#: What counts of the table: P7 has too little, ECO06 not all have, ECO04 is constant, ECO01 is a range.
MATRIX = np.array([[85, 40, 100], *(values[:3] for values in TABLE.values())], dtype=float)
ORDER = ("ECO07", "SAF03", "LOC01")


def normalised() -> np.ndarray:
    return (MATRIX - MATRIX.min(axis=0)) / (MATRIX.max(axis=0) - MATRIX.min(axis=0))


def expected_weights(weighting: str) -> np.ndarray:
    x = normalised()
    if weighting == "equal":
        return np.full(3, 1 / 3)
    if weighting == "critic":
        return critic_weights(x)
    # pymcdm gives a column with a zero in it the entropy zero; 0 ln 0 is 0, as scipy has it.
    divergence = 1 - entropy(x / x.sum(axis=0), axis=0) / np.log(len(x))
    return divergence / divergence.sum()


@pytest.mark.parametrize("weighting", ["equal", "entropy", "critic"])
def test_weights_and_scores_are_those_of_another_implementation(
    ask: Ask, module_warehouse: Warehouse, weighting: str
) -> None:
    with module_warehouse.connect("transformer") as connection:
        ours: dict[str, float] = dict(
            connection.execute(
                "select code, weight from intermediate.int_criteria_weighted"
                " where alternatives = 'peer_cities' and year = 2021 and weighting = %s",
                (weighting,),
            ).fetchall()
        )
    wanted = expected_weights(weighting)
    assert [ours[code] for code in ORDER] == pytest.approx(list(wanted), rel=1e-7)
    assert len(ours) == 3
    scores: dict[str, float] = dict(
        ask(
            "select subject, score from weighting_sensitivity where alternatives = 'peer_cities' and year = 2021"
            " and subject_kind = 'area' and weighting = %s",
            weighting,
        )
    )
    assert scores.pop("P7") is None
    assert [scores[area] for area in ("T", *TABLE)] == pytest.approx(list(100 * normalised() @ wanted), rel=1e-6)


def test_a_rank_says_how_far_it_depends_on_the_weights(ask: Ask) -> None:
    rows = ask(
        "select weighting, rank, rank_equal, rank_change, of_count, robust, note_zh from weighting_sensitivity"
        " where subject = 'T' and year = 2021 and alternatives = 'peer_cities' order by weighting"
    )
    scores = {w: 100 * normalised() @ expected_weights(w) for w in ("critic", "entropy", "equal")}
    ranks = {w: 1 + int((s > s[0] + 1e-6).sum()) for w, s in scores.items()}
    swing = max(ranks.values()) - min(ranks.values())
    assert [(w, rank, equal, change, n, robust) for w, rank, equal, change, n, robust, _ in rows] == [
        (w, ranks[w], ranks["equal"], ranks["equal"] - ranks[w], 7, swing <= 1) for w in sorted(ranks)
    ]
    said = "换权重后排名稳定" if swing <= 1 else f"换权重后排名相差 {swing} 位，不能作为结论"
    assert {row[6] for row in rows} == {
        f"按各对象都有值的 3 项指标计算；1 项因有对象缺值未参加；1 项各对象相同，未参加；{said}"
    }


def test_an_alternative_with_too_few_values_is_left_out_and_says_so(ask: Ask) -> None:
    rows = ask("select distinct rank, robust, note_zh from weighting_sensitivity where subject = 'P7'")
    assert rows == [(None, None, "有值的指标少于本组可比指标（5 项）的 50%，不参加排名")]


def test_one_indicator_alone_gives_critic_nothing_to_weigh(ask: Ask) -> None:
    rows = ask(
        "select subject, weighting, rank, robust, note_zh from weighting_sensitivity where alternatives = 'counties'"
        " order by weighting, subject"
    )
    unknown = "按各对象都有值的 1 项指标计算；有定权方法不成立，无从判断排名是否稳定"
    assert rows == [
        ("T1", "critic", None, None, "只有一项指标，CRITIC 法无法定权"),
        ("T2", "critic", None, None, "只有一项指标，CRITIC 法无法定权"),
        ("T1", "entropy", 1, None, unknown),
        ("T2", "entropy", 2, None, unknown),
        ("T1", "equal", 1, None, unknown),
        ("T2", "equal", 2, None, unknown),
    ]


def test_a_city_without_peers_is_not_ranked(ask: Ask) -> None:
    rows = ask("select distinct subject, rank, score, note_zh from weighting_sensitivity where year = 2024")
    assert rows == [("T", None, None, "没有可以比较的对象，不排名")]


def test_dimensions_are_ranked_by_the_city_s_own_values_in_them(ask: Ask) -> None:
    x = normalised()[0]
    rows = ask(
        "select subject, score, weight, rank, of_count from weighting_sensitivity where subject_kind = 'dimension'"
        " and weighting = 'equal' and year = 2021 order by rank"
    )
    assert rows == [
        ("LOC", 100 * x[2], pytest.approx(1 / 3), 1, 3),
        ("ECO", pytest.approx(100 * x[0]), pytest.approx(1 / 3), 2, 3),
        ("SAF", 100 * x[1], pytest.approx(1 / 3), 3, 3),
    ]
