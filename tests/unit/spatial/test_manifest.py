"""The manifest beside a spatial file: what it may say, and what is refused by which field."""

from __future__ import annotations

import datetime as dt
import json
import math

import pytest
import yaml
from hypothesis import given, strategies as st

from cityhealth.errors import UnreadableFile
from cityhealth.manifests import MAX_BYTES
from cityhealth.spatial.manifest import Manifest, read_manifest

LAYER = {
    "kind": "park",
    "crs": "CGCS2000 3度带 38带",
    "datum": "cgcs2000",
    "date": "2020-12-31",
    "source": "市规划和自然资源局 公园绿地",
    "licence": "内部使用",
}

SCENE = """\
crs: EPSG:32649
datum: wgs84
date: 2020-08-14
source: Copernicus Sentinel-2 L2A
licence: 免费，须署名
bands: {red: 4, nir: 8}
nodata: 65535
scale: 0.0001
offset: -0.1
mask:
  file: SCL.tif
  classes: {3: cloud, 4: clear, 8: cloud, 0: fill}
"""


def _refusal(changes: dict[str, object], *without: str) -> UnreadableFile:
    content = {key: value for key, value in (LAYER | changes).items() if key not in without}
    text = yaml.safe_dump(content, allow_unicode=True)
    with pytest.raises(UnreadableFile) as refused:
        read_manifest(text.encode(), "公园.yml")
    assert refused.value.place is not None and refused.value.place.file == "公园.yml"
    return refused.value


def test_a_layer_is_described_alike_in_yaml_and_json() -> None:
    described = read_manifest(yaml.safe_dump(LAYER, allow_unicode=True).encode(), "公园.yml")
    assert described == Manifest(**LAYER)
    assert (described.date, described.datum, described.scale, described.offset) == (
        dt.date(2020, 12, 31),
        "cgcs2000",
        None,
        None,
    )
    assert described.reference_system is not None and described.reference_system.to_epsg() == 4526
    assert read_manifest(json.dumps(LAYER).encode(), "公园.JSON") == described


def test_a_scene_has_bands_and_a_mask() -> None:
    scene = read_manifest(SCENE.encode(), "scene.yaml")
    assert scene.bands == {"red": 4, "nir": 8} and (scene.nodata, scene.scale, scene.offset) == (65535, 0.0001, -0.1)
    assert scene.mask is not None and scene.mask.file == "SCL.tif"
    assert scene.mask.classes == {3: "cloud", 4: "clear", 8: "cloud", 0: "fill"}
    assert scene.kind is None


def test_a_mask_in_json_has_its_classes_as_numbers() -> None:
    content = yaml.safe_load(SCENE) | {"date": "2020-08-14"}
    assert read_manifest(json.dumps(content).encode(), "scene.json").mask == read_manifest(SCENE.encode(), "s.yml").mask


def test_a_notepad_that_writes_gbk_or_a_bom_is_read() -> None:
    text = yaml.safe_dump(LAYER, allow_unicode=True)
    for encoding in ("utf-8-sig", "gb18030", "utf-8"):
        assert read_manifest(text.encode(encoding), "公园.yml").source == LAYER["source"]


def test_layers_of_one_file_have_kinds_of_their_own() -> None:
    manifest = Manifest(**LAYER | {"kind": {"公园": "park", "医院": "hospital"}})
    assert (manifest.kind_of("医院"), manifest.kind_of("道路")) == ("hospital", None)
    assert Manifest(**LAYER).kind_of("anything") == "park"


def test_a_bare_code_is_a_system_and_nodata_may_be_nan() -> None:
    manifest = read_manifest(SCENE.replace("EPSG:32649", "32649").replace("65535", ".nan").encode(), "scene.yml")
    assert manifest.crs == "32649" and manifest.nodata is not None and math.isnan(manifest.nodata)


@pytest.mark.parametrize("field", ["datum", "date", "source", "licence"])
def test_what_every_manifest_states_may_not_be_left_out(field: str) -> None:
    refused = _refusal({}, field)
    assert refused.code == "manifest_invalid" and f"{field}：缺少此项" in refused.message


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("colour", "red", "没有这个字段"),
        ("datum", "xian80", "'wgs84'、'cgcs2000'、'gcj02'、'bd09' 之一"),
        ("date", "去年", "不是日期"),
        ("date", "2021-02-30", "不是日期"),
        ("date", 2021, "不是日期"),
        ("date", dt.datetime(2021, 6, 5, 18, 0), "不是日期"),
        ("crs", "晋城独立坐标系", "看不懂坐标系「晋城独立坐标系」"),
        ("source", "  ", "不对"),
        ("kind", "Park!", "不对"),
        ("kind", {}, "不对"),
        ("encoding", "gb99999", "没有编码「gb99999」"),
        ("bands", {"red": 0}, "不对"),
        ("bands", {"red": True}, "不对"),
        ("nodata", "none", "不对"),
        ("scale", 0, "不能为 0"),
        ("scale", math.inf, "不对"),
        ("mask", {"file": "SCL.tif"}, "缺少此项"),
        ("mask", {"file": "SCL.tif", "classes": {"many": "cloud"}}, "不对"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(field: str, value: object, said: str) -> None:
    refused = _refusal({field: value})
    assert refused.code == "manifest_invalid"
    assert field in refused.message and said in refused.message, refused.message
    assert "constrained" not in refused.message and "function" not in refused.message


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shifted_datum_has_no_metres(datum: str) -> None:
    assert "datum 与 crs 矛盾" in _refusal({"datum": datum}).message
    assert Manifest(**LAYER | {"datum": datum, "crs": "EPSG:4326"}).datum == datum
    assert Manifest(**{key: value for key, value in LAYER.items() if key != "crs"} | {"datum": datum}).crs is None


def test_all_that_is_wrong_is_said_at_once() -> None:
    message = _refusal({"datum": "x", "colour": 1}, "licence").message
    assert all(f"{field}：" in message for field in ("datum", "colour", "licence"))


@pytest.mark.parametrize(
    ("filename", "text", "said"),
    [
        ("a.yml", "datum: wgs84\ndatum: gcj02\n", "datum 写了两次"),
        ("a.json", '{"datum": "wgs84", "datum": "gcj02"}', "datum 写了两次"),
        ("a.yml", "datum: [wgs84\n", "YAML"),
        ("a.json", "{datum: wgs84}", "JSON"),
        ("a.yml", "wgs84", "字段: 值"),
        ("a.yml", "", "字段: 值"),
        ("a.yml", "date: 2021-13-40", "无法解析"),
        ("a.json", "[" * 100_000, "无法解析"),
        ("a.yml", "[" * 50_000, "无法解析"),
        ("a.yml", "!!python/object/apply:os.system ['true']", "YAML"),
    ],
)
def test_what_is_no_manifest_at_all_is_said_so(filename: str, text: str, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said) as refused:
        read_manifest(text.encode(), filename)
    assert refused.value.code == "manifest_syntax"


def test_a_book_is_no_manifest() -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_manifest(b"a" * (MAX_BYTES + 1), "a.yml")
    assert refused.value.code == "manifest_too_large"


@given(st.binary(max_size=300), st.sampled_from(["a.yml", "a.json"]))
def test_any_bytes_are_a_manifest_or_a_clear_refusal(data: bytes, filename: str) -> None:
    with pytest.raises(UnreadableFile):
        read_manifest(data, filename)


@given(st.dictionaries(st.sampled_from([*LAYER, "bands", "mask", "x"]), st.none() | st.text() | st.integers()))
def test_any_fields_are_a_manifest_or_a_clear_refusal(content: dict[str, object]) -> None:
    try:
        assert read_manifest(json.dumps(content).encode(), "a.json").datum
    except UnreadableFile as refused:
        assert refused.code == "manifest_invalid"


def test_a_datum_may_be_in_capitals() -> None:
    assert read_manifest(json.dumps(LAYER | {"datum": " CGCS2000"}).encode(), "公园.json").datum == "cgcs2000"
