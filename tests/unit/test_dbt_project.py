"""What every part of the dbt project must carry, read from the manifest and from the files themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cityhealth.settings import PROJECT_ROOT, DatabaseAddress, from_environment
from cityhealth.transform.dbt import Project
from cityhealth.warehouse.connections import Warehouse

MODELS = PROJECT_ROOT / "dbt_project" / "models"
META = ("owner", "category", "description_zh", "description_en", "what_to_do_zh", "what_to_do_en")
CHINESE, ENGLISH = re.compile("[一-鿿]"), re.compile("[A-Za-z]{2,}")


def parsed(home: Path, **variables: object) -> dict[str, Any]:
    settings = from_environment({"CITYHEALTH_HOME": str(home)})
    nowhere = Warehouse(settings, DatabaseAddress("127.0.0.1", 1, "nowhere", "nobody", "nothing"))
    Project(nowhere, settings).run(["parse"], variables=variables)
    return json.loads((settings.home / "dbt" / "target" / "manifest.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return parsed(tmp_path_factory.mktemp("home"))


def nodes(manifest: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    return (node for node in manifest["nodes"].values() if node["resource_type"] == kind)


def marts(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [model for model in nodes(manifest, "model") if model["schema"] == "marts"]


def lacking_advice(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """The data tests that do not say whose they are and what to do, with the fields they lack."""
    found = {}
    for test in nodes(manifest, "test"):
        meta = test["config"].get("meta") or {}
        lacking = [field for field in META if not str(meta.get(field) or "").strip()]
        if lacking:
            found[test["unique_id"]] = lacking
    return found


def test_every_data_test_carries_owner_category_description_and_what_to_do(manifest: dict[str, Any]) -> None:
    assert len(list(nodes(manifest, "test"))) > 40
    assert lacking_advice(manifest) == {}


def test_a_data_test_without_advice_is_refused(manifest: dict[str, Any]) -> None:
    some = next(nodes(manifest, "test"))
    spoiled = {**some, "config": {**some["config"], "meta": {**some["config"]["meta"], "what_to_do_zh": " "}}}
    naked = {**some, "unique_id": "test.naked", "config": {**some["config"], "meta": {}}}
    assert lacking_advice({"nodes": {"a": spoiled, "b": naked}}) == {
        some["unique_id"]: ["what_to_do_zh"],
        "test.naked": list(META),
    }


def test_every_data_test_is_an_error_or_a_warning_on_purpose(manifest: dict[str, Any]) -> None:
    severities = {test["name"]: test["config"]["severity"].lower() for test in nodes(manifest, "test")}
    suspicious = {name for name, severity in severities.items() if severity == "warn"}
    assert suspicious == {
        "corrections_find_their_value",
        "decisions_are_about_known_difficulties",
        "layers_do_not_shrink",
        "measures_are_about_known_problems",
        "measures_keep_their_deadlines",
        "progress_does_not_fall_without_a_reason",
        "quoted_figures_agree_with_accepted_values",
        "reports_say_something_new",
        "scenes_are_handed_in_once",
        "sources_agree_within_tolerance",
        "values_do_not_jump_from_year_to_year",
    }
    assert set(severities.values()) == {"error", "warn"}


def test_every_mart_has_an_enforced_contract_and_a_test_of_its_grain(manifest: dict[str, Any]) -> None:
    grains = {
        test["attached_node"]
        for test in nodes(manifest, "test")
        if (test.get("test_metadata") or {}).get("name") == "unique_key"
    }
    assert len(marts(manifest)) >= 24
    for mart in marts(manifest):
        assert mart["config"]["contract"]["enforced"], mart["name"]
        # The latest edition of each period is a view: what it shows is tested where it stands.
        assert {mart["unique_id"], f"{mart['unique_id']}_editions"} & grains, mart["name"]


def test_a_period_s_marts_are_added_to_and_never_replaced(manifest: dict[str, Any]) -> None:
    editions = [model for model in nodes(manifest, "model") if "edition" in model["tags"]]
    assert len(editions) == 7
    for model in editions:
        assert model["config"]["materialized"] == "incremental", model["name"]
        assert model["config"]["incremental_strategy"] == "append", model["name"]
        assert "begin_edition" in model["config"]["pre-hook"][0]["sql"], model["name"]


def test_a_latest_edition_has_the_columns_of_its_table(manifest: dict[str, Any]) -> None:
    by_name = {mart["name"]: mart for mart in marts(manifest)}
    for name, mart in by_name.items():
        if f"{name}_editions" in by_name:
            editions = by_name[f"{name}_editions"]["columns"]
            assert {n: c["data_type"] for n, c in mart["columns"].items()} == {
                n: c["data_type"] for n, c in editions.items()
            }


def test_every_mart_and_each_of_its_columns_is_described_in_chinese_and_english(manifest: dict[str, Any]) -> None:
    for mart in marts(manifest):
        described = {mart["name"]: mart["description"]} | {
            f"{mart['name']}.{name}": column["description"] for name, column in mart["columns"].items()
        }
        for name, text in described.items():
            assert CHINESE.search(text) and ENGLISH.search(text), name


def test_every_model_is_described(manifest: dict[str, Any]) -> None:
    assert [model["name"] for model in nodes(manifest, "model") if not model["description"]] == []


def test_every_model_states_its_grain_in_its_first_line() -> None:
    files = sorted(MODELS.rglob("*.sql"))
    assert len(files) >= 30
    assert [file.name for file in files if not file.read_text(encoding="utf-8").startswith("-- Grain: ")] == []


def test_only_marts_and_the_platform_s_documents_are_granted_to_those_who_read(manifest: dict[str, Any]) -> None:
    granted = {(model["schema"], str(model["config"]["grants"])) for model in nodes(manifest, "model")}
    assert dict(granted) == {
        "staging": "{}",
        "intermediate": "{}",
        "marts": "{'select': ['reader']}",
        "platform": "{'select': ['reader', 'platform']}",
    }
    assert len(granted) == 4


def test_the_documents_of_the_platform_have_a_version_a_key_and_a_time(manifest: dict[str, Any]) -> None:
    documents = [model for model in nodes(manifest, "model") if model["schema"] == "platform"]
    assert len(documents) >= 5 and all(model["name"].startswith("v1_") for model in documents)
    for model in documents:
        assert model["config"]["contract"]["enforced"], model["name"]
        assert list(model["columns"]) == ["key", "updated_at", "document"], model["name"]


def test_schemas_are_named_exactly_and_seeds_are_the_catalogue(manifest: dict[str, Any]) -> None:
    schemas = {"staging", "intermediate", "marts", "platform"}
    assert {model["schema"] for model in nodes(manifest, "model")} == schemas
    assert {seed["schema"] for seed in nodes(manifest, "seed")} == {"catalogue"}


def test_every_column_of_every_seed_file_is_typed(manifest: dict[str, Any]) -> None:
    for seed in nodes(manifest, "seed"):
        file = PROJECT_ROOT / "dbt_project" / seed["original_file_path"]
        columns = file.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert set(columns) <= set(seed["config"]["column_types"]), seed["name"]


def test_every_seed_file_of_the_catalogue_is_known_to_the_project(manifest: dict[str, Any]) -> None:
    described = {seed["name"] for seed in nodes(manifest, "seed") if seed["description"]}
    files = {file.stem for file in (PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng").glob("*.csv")}
    assert files == described


def test_unit_tests_cover_every_kind_of_formula(manifest: dict[str, Any]) -> None:
    known = next(
        test["test_metadata"]["kwargs"]["values"]
        for test in nodes(manifest, "test")
        if test.get("column_name") == "formula_kind"
    )
    given = [
        row["formula_kind"]
        for unit_test in manifest["unit_tests"].values()
        for source in unit_test["given"]
        for row in source["rows"]
        if "formula_kind" in row
    ]
    assert set(known) == set(given)


def test_exposures_name_their_owners(manifest: dict[str, Any]) -> None:
    owners = {exposure["name"]: exposure["owner"]["name"] for exposure in manifest["exposures"].values()}
    assert set(owners) == {"bi_scorecard", "department_receipts", "examination_report", "semimonthly_brief"}
    assert all(owners.values())


def test_sources_say_when_they_are_stale(manifest: dict[str, Any]) -> None:
    fresh = {
        f"{source['source_name']}.{source['name']}"
        for source in manifest["sources"].values()
        if source["loaded_at_field"] and source["freshness"]["warn_after"]["count"]
    }
    assert fresh == {"raw.arrival", "raw.batch", "gate.current_run"}


def test_the_history_keeps_only_columns_that_exist(manifest: dict[str, Any]) -> None:
    for mart in marts(manifest):
        meta = mart["config"]["meta"]
        assert {*meta.get("key", ()), *meta.get("volatile", ())} <= set(mart["columns"]), mart["name"]


def test_maps_carry_what_marts_carry_and_nothing_rests_on_them(manifest: dict[str, Any], tmp_path: Path) -> None:
    with_maps = parsed(tmp_path, gis=True)
    assert lacking_advice(with_maps) == {}
    models = {model["unique_id"]: model for model in nodes(with_maps, "model")}
    maps = {key: model for key, model in models.items() if model["schema"] == "gis"}
    assert maps and models.keys() - maps.keys() == {model["unique_id"] for model in nodes(manifest, "model")}
    assert [key for key in models.keys() - maps.keys() if maps.keys() & set(models[key]["depends_on"]["nodes"])] == []
    for name, model in maps.items():
        config = model["config"]
        assert config["grants"] == {"select": ["reader"]}, name
        assert config["contract"]["enforced"] or config["materialized"] == "ephemeral", name
        texts = [model["description"], *(column["description"] for column in model["columns"].values())]
        assert all(CHINESE.search(text) and ENGLISH.search(text) for text in texts), name
