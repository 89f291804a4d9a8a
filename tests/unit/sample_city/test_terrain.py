"""The ground of the sample city: repeatable, labelled, readable as handed in, and about as large as is reported."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod
from rasterio.windows import Window

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city import LABEL, SampleFile
from cityhealth.sample_city.figures import Figures
from cityhealth.sample_city.files import MapOddity
from cityhealth.sample_city.terrain import generate_terrain
from cityhealth.sample_city.terrain.cover import CLASSES
from cityhealth.sample_city.terrain.shown import PARTED
from cityhealth.sample_city.terrain.town import parted
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.spatial.crs import areas_m2, lengths_m, to_inside
from cityhealth.spatial.land_cover import CLASSES as KNOWN_CLASSES
from cityhealth.spatial.manifest import Manifest, read_manifest
from cityhealth.spatial.rasters import Scene, open_stated
from cityhealth.spatial.reference import build_areas
from cityhealth.spatial.vector import Layer, read_layers

#: On the ellipsoid itself, by another way than the projections of the package.
ELLIPSOID = Geod(ellps="GRS80")


@pytest.fixture(scope="module")
def areas(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> gpd.GeoDataFrame:
    return build_areas("140500", catalogue, tmp_path_factory.mktemp("areas") / "140500.gpkg")


@pytest.fixture(scope="module")
def files(catalogue: Catalogue, areas: gpd.GeoDataFrame) -> list[SampleFile]:
    return generate_terrain(catalogue, areas)


@pytest.fixture(scope="module")
def figures(catalogue: Catalogue) -> Figures:
    return Figures(catalogue, 2021, 2021)


@pytest.fixture(scope="module")
def raw(files: list[SampleFile]) -> dict[str, tuple[Layer, Manifest]]:
    """Layer kind → the layer as handed in and what is stated of it, of files that are not to be refused."""
    found = {}
    for file in files:
        if file.feed == "layers" and file.expected.verdict != "refused":
            manifest = stated(file)
            for layer in read_layers(file.data, file.filename, manifest.reference_system, manifest.encoding):
                found[str(manifest.kind_of(layer.name))] = layer, manifest
    return found


@pytest.fixture(scope="module")
def inside(raw: dict[str, tuple[Layer, Manifest]]) -> dict[str, gpd.GeoDataFrame]:
    """The same in EPSG:4490."""
    return {
        kind: to_inside(layer.frame, layer.crs, manifest.datum)
        for kind, (layer, manifest) in raw.items()
        if layer.crs is not None
    }


def stated(file: SampleFile) -> Manifest:
    if file.feed == "imagery":
        return read_manifest(file.data, file.filename)
    ((name, data),) = file.attachments
    return read_manifest(data, name)


def with_oddity(files: list[SampleFile], oddity: MapOddity) -> SampleFile:
    return next(file for file in files if oddity in file.oddities)


def scene_named(files: list[SampleFile], start: str) -> SampleFile:
    return next(file for file in files if file.feed == "imagery" and file.filename.startswith(start))


@contextmanager
def opened(file: SampleFile, folder: Path) -> Iterator[list[Scene]]:
    """The tiles of a scene, behind their masks."""
    manifest = stated(file)
    paths = {name: folder / name for name, _ in file.attachments}
    for name, data in file.attachments:
        paths[name].write_bytes(data)
    masks = manifest.mask.files if manifest.mask else frozenset()
    with ExitStack() as stack:
        tiles = []
        for name in paths.keys() - masks:
            mask = manifest.mask.of(name) if manifest.mask else None
            cover = (paths[mask], mask) if mask else None
            tiles.append(stack.enter_context(open_stated(paths[name], name, manifest, cover)))
        yield sorted(tiles, key=lambda tile: tile.filename)


def whole(scene: Scene) -> Window:
    return Window(0, 0, scene.grid.width, scene.grid.height)


def test_the_same_seed_gives_the_same_bytes(
    catalogue: Catalogue, areas: gpd.GeoDataFrame, files: list[SampleFile]
) -> None:
    assert generate_terrain(catalogue, areas) == files


def test_another_seed_gives_another_town_in_files_of_the_same_names(
    catalogue: Catalogue, areas: gpd.GeoDataFrame, files: list[SampleFile]
) -> None:
    others = generate_terrain(catalogue, areas, seed=7)
    assert [file.filename for file in others] == [file.filename for file in files]
    same = [file.filename for file, other in zip(files, others, strict=True) if file == other]
    # The boundary of the district is nobody's invention.
    assert same == [with_oddity(files, MapOddity.NO_MANIFEST).filename]


def test_all_of_it_is_small_and_says_that_it_is_synthetic(files: list[SampleFile]) -> None:
    assert sum(len(f.data) + sum(len(data) for _, data in f.attachments) for f in files) < 5_000_000
    for file in files:
        assert all(LABEL in name for name in (file.filename, *(name for name, _ in file.attachments)))
        if MapOddity.NO_MANIFEST not in file.oddities:
            manifest = stated(file)
            assert manifest.synthetic and LABEL in manifest.source and LABEL in manifest.licence


def test_it_arrives_in_the_days_of_the_other_files_from_departments_that_are_known(
    catalogue: Catalogue, files: list[SampleFile]
) -> None:
    assert {file.received_at.date() for file in files} == {date(2021, 5, day) for day in (18, 19, 20)}
    assert all(file.received_at.tzinfo is CITY_TIMEZONE for file in files)
    assert files == sorted(files, key=lambda file: file.received_at)
    assert len({file.received_at for file in files}) == len(files)
    senders = {catalogue.department(file.department_text or "") for file in files}
    assert None not in senders and len(senders) >= 10


@pytest.mark.parametrize("oddity", MapOddity)
def test_every_oddity_is_planted(files: list[SampleFile], oddity: MapOddity) -> None:
    assert with_oddity(files, oddity)


def test_there_is_a_layer_or_scene_of_every_kind_but_historic_districts(
    catalogue: Catalogue, files: list[SampleFile], raw: dict[str, tuple[Layer, Manifest]]
) -> None:
    scenes = {str(stated(file).kind) for file in files if file.feed == "imagery"}
    assert scenes | raw.keys() == {
        kind.code for kind in catalogue.layer_kinds if kind.feed in ("layers", "imagery")
    } - {"historic_district"}


def test_everything_is_of_the_year_before_but_for_the_land_cover_to_compare_with(files: list[SampleFile]) -> None:
    dates = {file.filename: stated(file).date for file in files if MapOddity.NO_MANIFEST not in file.oddities}
    assert {name for name, day in dates.items() if day.year != 2020} == {f"地表覆盖2019_{LABEL}.yml"}
    order = [file.filename for file in files]
    assert order.index(f"地表覆盖2019_{LABEL}.yml") < order.index(f"地表覆盖2020_{LABEL}.yml")
    assert stated(files[0]).kind_of("建成区") == "built_up_area"


def test_reference_systems_are_those_of_the_offices(raw: dict[str, tuple[Layer, Manifest]]) -> None:
    systems = {kind: (layer.crs and layer.crs.to_epsg(), manifest.datum) for kind, (layer, manifest) in raw.items()}
    assert systems["built_up_area"] == systems["cluster"] == (4526, "cgcs2000")
    assert systems["road"] == (4547, "cgcs2000")
    assert systems["sports_ground"] == (32649, "wgs84")
    assert systems["park"] == systems["hospital"] == (4326, "gcj02")
    assert systems["community_shop"] == (4326, "bd09")
    # 38 is the zone's number.
    assert 38_300_000 < raw["built_up_area"][0].frame.total_bounds[0] < 38_500_000


def test_a_town_of_squares_has_the_area_that_is_reported(
    inside: dict[str, gpd.GeoDataFrame], figures: Figures, areas: gpd.GeoDataFrame
) -> None:
    (town,) = inside["built_up_area"].geometry
    km2 = abs(ELLIPSOID.geometry_area_perimeter(town)[0]) / 1e6
    assert km2 == pytest.approx(figures.of(("built_up_area", "140500-BUA", "2020")), rel=0.05)
    assert areas_m2(inside["built_up_area"].geometry).sum() / 1e6 == pytest.approx(km2, rel=1e-3)
    units = areas.set_index("code").geometry
    parts = {code: abs(ELLIPSOID.geometry_area_perimeter(town & units[code])[0]) / 1e6 for code in units.index}
    assert parts["140502"] == pytest.approx(figures.of(("district_built_up_area", "140502", "2020")), rel=0.05)
    assert parts["140502"] + parts["140525"] == pytest.approx(km2, rel=1e-3)


@pytest.mark.parametrize(
    ("kind", "item", "square_metres"),
    [
        ("residential_land", "residential_land_area", 1e4),
        ("construction_land", "construction_land_area", 1e4),
        ("sports_ground", "community_sports_area", 1),
        ("shelter", "shelter_area", 1),
    ],
)
def test_land_is_what_is_reported(
    inside: dict[str, gpd.GeoDataFrame], figures: Figures, kind: str, item: str, square_metres: float
) -> None:
    measured = areas_m2(inside[kind].geometry.make_valid()).sum() / square_metres
    assert measured == pytest.approx(figures.of((item, "140500-BUA", "2020")), rel=0.03)


def test_clusters_and_communities_tile_the_built_up_area(inside: dict[str, gpd.GeoDataFrame], figures: Figures) -> None:
    built_up = areas_m2(inside["built_up_area"].geometry).sum()
    for kind in ("cluster", "community"):
        shapes = inside[kind].geometry
        assert areas_m2(shapes).sum() == pytest.approx(built_up, rel=1e-3)
        assert shapely.union_all(shapes.to_numpy()).area == pytest.approx(
            shapely.area(shapes.to_numpy()).sum(), rel=1e-6
        )
    assert len(inside["community"]) == figures.of(("residential_communities", "140500-BUA", "2020"))
    sizes = (areas_m2(inside["cluster"].geometry) / 1e6).to_numpy()
    asked = [figures.of(("cluster_area", f"140500-C{n}", "2020")) for n in range(1, 7)]
    assert sizes == pytest.approx(asked, rel=0.05)
    assert list(inside["cluster"]["组团"]) == [f"组团{n}" for n in "一二三四五六"]


def test_streets_are_as_long_as_reported_in_all_and_with_a_class(
    inside: dict[str, gpd.GeoDataFrame], figures: Figures
) -> None:
    roads = inside["road"]
    lengths = lengths_m(roads.geometry) / 1000
    classes = roads["道路等级"]
    assert set(classes) == {"快速路", "主干路", "次干路", "支路", "街坊路"}
    assert lengths.sum() == pytest.approx(figures.of(("road_length", "140500-BUA", "2020")), rel=0.03)
    classed = lengths[classes.isin(["主干路", "次干路", "支路"])].sum()
    assert classed == pytest.approx(figures.of(("classified_road_length", "140500-BUA", "2020")), rel=0.03)


def test_people_live_where_they_are_reported_to(inside: dict[str, gpd.GeoDataFrame], figures: Figures) -> None:
    plots = inside["population_plot"]
    km2 = areas_m2(plots.geometry) / 1e6
    assert plots["常住人口"].sum() == pytest.approx(figures.of(("built_up_population", "140500-BUA", "2020")), rel=0.05)
    crowded = km2[plots["常住人口"] / km2 > 15_000].sum()
    assert crowded == pytest.approx(figures.of(("dense_construction_land_area", "140500-BUA", "2020")), rel=0.05)


def test_some_figures_part_ways_from_the_reported_and_by_how_much_is_said(
    inside: dict[str, gpd.GeoDataFrame], figures: Figures
) -> None:
    floors = inside["cultural_building"]["floor_area_m2"].sum()
    points = len(inside["waterlogging_point"]) - 1
    reported = figures.of(("cultural_building_area", "140502", "2020"))
    assert floors / reported == pytest.approx(PARTED["cultural_building_area"], abs=0.001)
    assert points == round(figures.of(("waterlogging_points", "140500-BUA", "2020")) * PARTED["waterlogging_points"])


def test_children_tall_houses_and_facilities_are_counted_as_reported(
    inside: dict[str, gpd.GeoDataFrame], figures: Figures
) -> None:
    def reported(item: str) -> float:
        return figures.of((item, "140500-BUA", "2020"))

    schools = inside["kindergarten"]
    assert schools["在园幼儿"].sum() == pytest.approx(reported("kindergarten_children"), rel=0.02)
    inclusive = schools["在园幼儿"][schools["普惠"] == "是"].sum()
    assert inclusive == pytest.approx(reported("inclusive_kindergarten_children"), rel=0.03)
    assert (inside["new_residential_building"]["height_m"] > 80).sum() == reported("new_residential_over_80m")
    for kind, item in (
        ("community_shop", "communities_with_shops"),
        ("elderly_station", "communities_with_elderly_station"),
        ("low_carbon_facility", "communities_with_low_carbon_energy"),
    ):
        there = inside["community"].geometry.apply(lambda home, kind=kind: inside[kind].intersects(home).any())
        assert there.sum() == reported(item)


def test_web_maps_are_hundreds_of_metres_off_until_they_are_shifted(
    raw: dict[str, tuple[Layer, Manifest]], inside: dict[str, gpd.GeoDataFrame]
) -> None:
    (town,) = inside["built_up_area"].geometry
    for kind, least, most in (("park", 300, 700), ("hospital", 300, 700), ("community_shop", 600, 1500)):
        before, after = (frame.geometry.iloc[0].centroid for frame in (raw[kind][0].frame, inside[kind]))
        assert least < ELLIPSOID.inv(before.x, before.y, after.x, after.y)[2] < most
    assert inside["park"].geometry.within(town.buffer(1e-6)).all()
    assert set(inside["hospital"]["等级"]) == {"三级甲等", "三级", "二级甲等", "二级", "一级"}


def test_one_plot_crosses_itself_and_two_overlap(inside: dict[str, gpd.GeoDataFrame]) -> None:
    assert (~inside["residential_land"].geometry.is_valid).sum() == 1
    plots = inside["construction_land"].geometry
    assert plots.is_valid.all()
    together = gpd.GeoSeries([shapely.union_all(plots.to_numpy())], crs=plots.crs)
    twice = areas_m2(plots).sum() - areas_m2(together).sum()
    side = np.sqrt(areas_m2(plots).median())
    assert twice == pytest.approx(30 * side, rel=0.01)


def test_one_point_stands_twice_one_far_away_and_one_school_says_nothing(
    inside: dict[str, gpd.GeoDataFrame], areas: gpd.GeoDataFrame
) -> None:
    assert inside["waterlogging_point"].geometry.duplicated().sum() == 1
    city = areas.geometry[areas["level"] == "city"].iloc[0]
    assert (~inside["community_shop"].intersects(city)).sum() == 1
    assert inside["kindergarten"]["普惠"].isna().sum() == 1
    others = [kind for kind in inside if kind != "community_shop"]
    assert all(inside[kind].geometry.make_valid().intersects(city).all() for kind in others)


def test_two_files_are_to_be_refused(files: list[SampleFile]) -> None:
    metres = with_oddity(files, MapOddity.METRES_AS_DEGREES)
    manifest = stated(metres)
    (layer,) = read_layers(metres.data, metres.filename, manifest.reference_system)
    assert layer.crs is not None and layer.crs.to_epsg() == 4490
    assert layer.frame.total_bounds[0] > 180
    assert metres.expected.refused == len(layer.frame) + 1
    assert not with_oddity(files, MapOddity.NO_MANIFEST).attachments
    assert {file.filename for file in files if file.expected.verdict == "refused"} == {
        metres.filename,
        with_oddity(files, MapOddity.NO_MANIFEST).filename,
    }


def test_the_shapefile_of_roads_has_chinese_text_in_gbk_and_no_word_on_its_system(files: list[SampleFile]) -> None:
    with zipfile.ZipFile(io.BytesIO(with_oddity(files, MapOddity.NO_PRJ).data)) as archive:
        parts = {Path(name).suffix: archive.read(name) for name in archive.namelist()}
    assert parts.keys() == {".shp", ".shx", ".dbf"}
    assert "主干路".encode("gbk") in parts[".dbf"] and "主干路".encode() not in parts[".dbf"]


def test_land_cover_has_two_tiles_that_agree_where_both_see(files: list[SampleFile], tmp_path: Path) -> None:
    with opened(scene_named(files, "地表覆盖2020"), tmp_path) as tiles:
        east, west = tiles
        cells = [tile.read(whole(tile)).bands["class"] for tile in tiles]
        common = round((west.grid.bounds(whole(west))[2] - east.grid.bounds(whole(east))[0]) / 100)
    assert common == 100
    assert (cells[0][:, :common] == cells[1][:, -common:]).all()
    assert set(np.unique(np.hstack(cells))) == set(CLASSES)
    assert set(CLASSES.values()) <= set(KNOWN_CLASSES)


def test_the_town_has_grown_since_the_land_cover_before(files: list[SampleFile], tmp_path: Path) -> None:
    built = {}
    for year in (2019, 2020):
        with opened(scene_named(files, f"地表覆盖{year}"), tmp_path) as tiles:
            built[year] = tiles[0].read(whole(tiles[0])).bands["class"] == 1
    # Cells of a hectare, and nothing was pulled down.
    assert 20 < built[2020].sum() - built[2019].sum() < 200
    assert (built[2020] | ~built[2019]).all()


def test_a_cloud_hides_a_few_percent_of_the_optical_scene(files: list[SampleFile], tmp_path: Path) -> None:
    file = scene_named(files, "光学影像")
    manifest = stated(file)
    with opened(file, tmp_path) as (scene,):
        cells = scene.read(whole(scene))
    assert 0.03 < cells.cloud.mean() < 0.05
    assert cells.data.all()
    red, nir = (cells.bands[name][~cells.cloud] for name in ("red", "nir"))
    assert red.min() > 0 and nir.max() < 0.5
    green = ((nir - red) / (nir + red) > 0.3).mean()
    assert 0.2 < green < 0.8
    assert manifest.mask is not None and manifest.mask.rule == "scl"


def test_night_is_brightest_and_day_warmest_in_town(
    files: list[SampleFile], inside: dict[str, gpd.GeoDataFrame], tmp_path: Path
) -> None:
    (town,) = inside["built_up_area"].geometry
    for start, band, low, high in (("夜间灯光", "radiance", 0, 100), ("地表温度", "temperature", 295, 315)):
        with opened(scene_named(files, start), tmp_path) as (scene,):
            values = scene.read(whole(scene)).bands[band]
            row, column = np.unravel_index(np.argmax(values), values.shape)
            place = scene.grid.transform * (float(column) + 0.5, float(row) + 0.5)
        assert low <= values.min() and values.max() < high
        assert shapely.Point(place).distance(town) < 0.02


def test_a_partition_has_parts_as_large_as_asked_that_lie_together() -> None:
    points = np.argwhere(np.ones((6, 10))).astype(float)
    numbers = parted(points, [3, 2, 1])
    assert np.bincount(numbers).tolist() == [30, 20, 10]
    # Halved along the ten: whole columns, one part after the other.
    assert [sorted(set(points[numbers == n, 1])) for n in range(3)] == [[0, 1, 2, 3, 4], *([5, 6, 7, 8, 9],) * 2]
