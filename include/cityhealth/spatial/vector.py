"""Vector files of any kind that departments send, as frames with the attributes as handed in.

What a file is, its content says and not its name: GDAL would otherwise follow descriptions (VRT, WFS) to other files
and to the network. Everything is read from a temporary folder under names of our own.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import sqlite3
import stat
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.parsers import expat

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import pyproj
import shapely

from cityhealth.errors import Place, UnreadableFile
from cityhealth.spatial.places import read_places
from cityhealth.tabular.containers import OLE, ZIP
from cityhealth.tabular.limits import MEGABYTE, Limits
from cityhealth.tabular.package import Package

MESSAGES = {
    "empty": "文件是空的",
    "file_too_large": "文件太大",
    "damaged": "文件已损坏或传输不完整，请重新发送",
    "unsupported_format": "不是可识别的矢量文件，请发送 GeoPackage、GeoJSON、打包为 zip 的 Shapefile、DXF、KML、"
    "OSM PBF、FlatGeobuf，或有经度、纬度两列的 CSV、Excel 表格",
    "unsafe_archive": "压缩包内含越界路径或链接，已拒绝读取",
    "unsafe_content": "文件内含指向其他数据的定义，已拒绝读取",
    "undecodable": "无法识别属性的文字编码，请注明编码或另存为 UTF-8",
    "no_geometry": "文件里没有任何图形",
}
# Layers are larger than workbooks, and the blank-padded text of a .dbf packs far better.
LIMITS = Limits(
    file_bytes=512 * MEGABYTE,
    unpacked_bytes=2048 * MEGABYTE,
    ratio=500,
    ratio_from=64 * MEGABYTE,
    entries=500,
)
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_VECTOR_ENTRIES = (".gpkg", ".geojson", ".json", ".kml", ".dxf", ".pbf", ".fgb")
# The drivers that may answer for each kind of content.
_DRIVERS = {
    ".gpkg": {"GPKG"},
    ".geojson": {"GeoJSON"},
    ".fgb": {"FlatGeobuf"},
    ".kml": {"KML", "LIBKML"},
    ".dxf": {"DXF"},
    ".osm.pbf": {"OSM"},
    ".shp": {"ESRI Shapefile"},
}
_WORKBOOK_ENTRY = "[Content_Types].xml"
_UTF8_MARK = b"\xef\xbb\xbf"
_HARMLESS_MODULES = re.compile(r"using\s+[\"'\[]?(rtree|fts[345])\b", re.IGNORECASE)
_REACHING_OUT = re.compile(r"ogr_|gdal|load_extension|readfile", re.IGNORECASE)
_BROKEN_READS = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError)

pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": True, "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}"})


@dataclass(frozen=True)
class Layer:
    """One layer: its attributes as handed in and ``geometry``; ``crs`` None where neither file nor sender says.

    ``own_crs`` is what the file itself says, also where the sender says something else.
    ``encoding`` is that of the attributes in the file (``UTF-8`` where the format prescribes it). Nested attributes
    are JSON text.
    """

    name: str
    frame: gpd.GeoDataFrame
    crs: pyproj.CRS | None
    encoding: str
    own_crs: pyproj.CRS | None = None


def read_layers(
    data: bytes, filename: str, crs: object = None, encoding: str | None = None, limits: Limits = LIMITS
) -> list[Layer]:
    """Every layer that has a geometry; ``crs`` (any pyproj input) overrules what the file says.

    Raises UnreadableFile: ``empty``, ``file_too_large``, ``damaged``, ``unsupported_format``, ``zip_bomb``,
    ``encrypted``, ``unsafe_archive``, ``unsafe_xml``, ``unsafe_content``, ``undecodable``, ``no_geometry``.
    """
    if not data:
        raise _refuse("empty", filename)
    if len(data) > limits.file_bytes:
        raise _refuse("file_too_large", filename, f"上限 {limits.file_bytes // MEGABYTE} MB")
    told = pyproj.CRS.from_user_input(crs) if crs is not None else None
    if _may_be_table(data):
        layers = _layers_of_places(data, filename, encoding, told, limits)
    else:
        layers = []
        with tempfile.TemporaryDirectory() as folder:
            for source in _sources(data, filename, encoding, Path(folder), limits):
                layers += _layers_of(source, filename, told)
    if not layers:
        raise _refuse("no_geometry", filename)
    return layers


@dataclass(frozen=True)
class _Source:
    """A file in the temporary folder, the name that its only layer shall have (None: the file's own names)."""

    path: Path
    kind: str
    name: str | None
    encoding: str | None


def _refuse(code: str, filename: str, detail: str = "") -> UnreadableFile:
    return UnreadableFile(code, MESSAGES[code] + (f"（{detail}）" if detail else ""), Place(filename))


def _may_be_table(data: bytes) -> bool:
    """A workbook, or what is none of the vector formats."""
    if data.startswith(ZIP):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return _WORKBOOK_ENTRY in archive.namelist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            return False
    return data.startswith(OLE) or _recognised(data) is None


def _layers_of_places(
    data: bytes, filename: str, encoding: str | None, told: pyproj.CRS | None, limits: Limits
) -> list[Layer]:
    try:
        tables = read_places(data, filename, encoding, limits)
    except UnreadableFile as error:
        # Bytes that are no vector format may be no table either; a workbook, or the sender's word for text, is clear.
        known = data.startswith((*ZIP, OLE)) or error.code == "undecodable"
        raise (error if known else _refuse("unsupported_format", filename)) from error
    if not tables:
        raise _refuse("unsupported_format", filename, "没有找到经度、纬度各一列")
    kept = [table for table in tables if table.frame.geometry.notna().any()]
    # The columns say degrees; of which datum the manifest says.
    return [
        Layer(t.name, t.frame.set_crs(told, allow_override=True) if told else t.frame, told or t.frame.crs, t.encoding)
        for t in kept
    ]


def _sources(data: bytes, filename: str, encoding: str | None, folder: Path, limits: Limits) -> Iterator[_Source]:
    if data.startswith(ZIP):
        yield from _unpacked(data, filename, encoding, folder, limits)
        return
    kind = _kind(data, filename)
    if kind == ".shp":
        raise _refuse("unsupported_format", filename, "Shapefile 须连同 .dbf、.prj 等打包为 zip")
    yield _plain(data, kind, filename, PurePosixPath(filename).name, folder / "0", encoding)


def _plain(data: bytes, kind: str, filename: str, own_name: str, target: Path, encoding: str | None) -> _Source:
    path = target.with_suffix(kind)
    path.write_bytes(data.removeprefix(_UTF8_MARK))
    _CHECKS[kind](path, filename)
    # A GeoJSON or FlatGeobuf has one layer, called after the temporary file unless it names itself.
    single = kind in (".geojson", ".fgb")
    # The text of a DXF is in the code page of the drawing; other formats here are UTF-8.
    return _Source(path, kind, PurePosixPath(own_name).stem if single else None, encoding if kind == ".dxf" else None)


def _kind(data: bytes, filename: str) -> str:
    kind = _recognised(data)
    if kind is None:
        raise _refuse("unsupported_format", filename)
    return kind


def _recognised(data: bytes) -> str | None:
    head = data[:4096].removeprefix(_UTF8_MARK).lstrip()
    if data.startswith(b"SQLite format 3\x00"):
        return ".gpkg"
    if data.startswith(b"fgb\x03"):
        return ".fgb"
    if data[4:6] == b"\x0a\x09" and data[6:15] == b"OSMHeader":
        return ".osm.pbf"
    if data.startswith(b"\x00\x00\x27\x0a"):
        return ".shp"
    if head.startswith(b"{"):
        return ".geojson"
    if head.startswith(b"<") and re.search(rb"<(\w+:)?kml[\s>]", head):
        return ".kml"
    if re.match(rb"(999\s*\n[^\n]*\n\s*)*0\s*\n\s*SECTION", head):
        return ".dxf"
    return None


def _unpacked(data: bytes, filename: str, encoding: str | None, folder: Path, limits: Limits) -> Iterator[_Source]:
    wanted = (*_SHAPEFILE_PARTS, *_VECTOR_ENTRIES)
    package = Package(data, filename, limits, lambda name: name.casefold().endswith(wanted))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        shown = {entry.filename: _entry_name(entry) for entry in archive.infolist()}
        if any(_leads_outside(entry, shown[entry.filename]) for entry in archive.infolist()):
            raise _refuse("unsafe_archive", filename)
    by_shown = {name.casefold(): stored for stored, name in shown.items() if not _is_litter(name)}
    shapes = [name for name in by_shown if name.endswith(".shp")]
    for number, shape in enumerate(shapes):
        parts = {end: by_shown.get(shape.removesuffix(".shp") + end) for end in _SHAPEFILE_PARTS}
        contents = {end: package.bytes_of(stored) for end, stored in parts.items() if stored is not None}
        name = PurePosixPath(shown[by_shown[shape]]).stem
        yield _shapefile(contents, filename, name, folder / str(number), encoding)
    if shapes:
        return
    others = [name for name in by_shown if name.endswith(_VECTOR_ENTRIES)]
    if not others:
        raise _refuse("unsupported_format", filename, "压缩包里没有矢量文件")
    for number, name in enumerate(others):
        content = package.bytes_of(by_shown[name])
        own_name = shown[by_shown[name]]
        yield _plain(content, _kind(content, filename), filename, own_name, folder / str(number), encoding)


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """The name as the sender saw it: without the UTF-8 flag, Chinese Windows stores GBK."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        stored = entry.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return stored.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _leads_outside(entry: zipfile.ZipInfo, name: str) -> bool:
    path = name.replace("\\", "/")
    drive = re.match(r"[A-Za-z]:", path)
    return bool(path.startswith("/") or drive or ".." in path.split("/") or stat.S_ISLNK(entry.external_attr >> 16))


def _is_litter(name: str) -> bool:
    return name.endswith("/") or name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith("._")


def _shapefile(parts: dict[str, bytes], filename: str, name: str, target: Path, encoding: str | None) -> _Source:
    shape, table = parts[".shp"], parts.get(".dbf", b"")
    if len(shape) < 100 or len(shape) < struct.unpack(">i", shape[24:28])[0] * 2:
        raise _refuse("damaged", filename, f"{name}.shp 不完整")
    if table:
        declared = parts.pop(".cpg", b"").decode("ascii", "ignore").strip() or None
        encoding = _table_encoding(table, filename, name, encoding, declared)
    for end, content in parts.items():
        target.with_suffix(end).write_bytes(content)
    return _Source(target.with_suffix(".shp"), ".shp", name, encoding if table else None)


def _table_encoding(table: bytes, filename: str, name: str, told: str | None, declared: str | None) -> str:
    """The sender's word, else the .cpg where the text is in it, else UTF-8 or GB18030, whichever fits the text.

    The code page byte of the table is not asked: programs write it without looking at the text.
    """
    if len(table) < 33:
        raise _refuse("damaged", filename, f"{name}.dbf 不完整")
    count, header, width = struct.unpack("<IHH", table[4:12])
    if header < 33 or len(table) < header + count * width:
        raise _refuse("damaged", filename, f"{name}.dbf 不完整")
    texts = [table[at : at + 11].split(b"\0")[0] for at in range(32, header - 1, 32)]
    columns, offset = [], 1
    for at in range(32, header - 1, 32):
        if table[at] == 0x0D:
            break
        if table[at + 11 : at + 12] == b"C":
            columns.append((offset, offset + table[at + 16]))
        offset += table[at + 16]
    for start in range(header, header + count * width, max(width, 1)):
        record = table[start : start + width]
        if not record.isascii():
            texts += [record[begin:end] for begin, end in columns]
    for encoding in (told, *([declared] if declared and not told else []), *(() if told else ("UTF-8", "GB18030"))):
        if encoding and _all_decode(texts, encoding):
            return encoding
    raise _refuse("undecodable", filename, f"{name}.dbf")


def _all_decode(texts: list[bytes], encoding: str) -> bool:
    """Whether every text is in ``encoding``, but for a last character that the field's width cut off."""
    try:
        decoder = codecs.getincrementaldecoder(codecs.lookup(_python_name(encoding)).name)
        for text in texts:
            decoder().decode(text.rstrip(b" \0"), final=False)
    except (LookupError, UnicodeDecodeError):
        return False
    return True


def _python_name(encoding: str) -> str:
    """A .cpg holds bare numbers of code pages, too: 936, 65001, OEM 936, 88591."""
    number = re.sub(r"(?i)^(oem|ansi|cp)?\s*(?=\d+$)", "", encoding)
    return {"65001": "utf-8", "88591": "latin-1"}.get(number, f"cp{number}" if number.isdigit() else encoding)


def _check_geopackage(path: Path, filename: str) -> None:
    """Whole, and nothing in it that reaches for other data (virtual tables, functions of GDAL in views)."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise _refuse("damaged", filename)
            definitions = database.execute("SELECT type, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    except sqlite3.Error as error:
        # SpatiaLite's or other modules are not there to be checked: what they hold is not read either.
        code = "unsafe_content" if "no such module" in str(error) else "damaged"
        raise _refuse(code, filename) from error
    for kind, sql in definitions:
        virtual = kind == "table" and re.match(r"create\s+virtual", sql, re.IGNORECASE)
        if (virtual and not _HARMLESS_MODULES.search(sql)) or (kind == "view" and _REACHING_OUT.search(sql)):
            raise _refuse("unsafe_content", filename)


def _check_xml(path: Path, filename: str) -> None:
    """Well-formed, no document type, no link to be followed."""
    parser = expat.ParserCreate(namespace_separator=" ")

    def refuse_doctype(*_: object) -> None:
        raise UnreadableFile("unsafe_xml", "文件内含不允许的 XML 定义，已拒绝读取", Place(filename))

    def refuse_link(tag: str, _: object) -> None:
        if tag.rpartition(" ")[2] == "NetworkLink":
            raise _refuse("unsafe_content", filename, "NetworkLink")

    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler = refuse_link
    try:
        with path.open("rb") as stream:
            parser.ParseFile(stream)
    except expat.ExpatError as error:
        raise _refuse("damaged", filename) from error


def _check_json(path: Path, filename: str) -> None:
    """GeoJSON by its own type: other JSON may be a service or a catalogue of links."""
    try:
        content = json.loads(path.read_bytes())
    except UnicodeDecodeError as error:
        raise _refuse("undecodable", filename) from error
    except (ValueError, RecursionError) as error:
        raise _refuse("damaged", filename) from error
    if content.get("type") not in ("FeatureCollection", "Feature", *_GEOMETRY_TYPES):
        raise _refuse("unsupported_format", filename)


_GEOMETRY_TYPES = (
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)


def _check_drawing(path: Path, filename: str) -> None:
    if not path.read_bytes().rstrip().endswith(b"EOF"):
        raise _refuse("damaged", filename)


def _check_blocks(path: Path, filename: str) -> None:
    """A PBF is a chain of blocks, each with its length before it; GDAL takes a cut chain for a short one."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        header_end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        size = _blob_size(data[at + 4 : header_end])
        if size is None or header_end + size > len(data):
            raise _refuse("damaged", filename)
        at = header_end + size


def _blob_size(header: bytes) -> int | None:
    """Field 3 (datasize) of a BlobHeader; fields 1 and 2 are bytes with their length."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = header[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 or shift > 63:
                return value

    try:
        while True:
            tag = number()
            if tag == 3 << 3:
                return number()
            if tag & 7 != 2:
                return None
            length = number()
            at += length
    except IndexError:
        return None


def _check_nothing(path: Path, filename: str) -> None:
    """FlatGeobuf announces its count of features, which reading compares."""


_CHECKS = {
    ".gpkg": _check_geopackage,
    ".geojson": _check_json,
    ".kml": _check_xml,
    ".dxf": _check_drawing,
    ".osm.pbf": _check_blocks,
    ".fgb": _check_nothing,
}


def _layers_of(source: _Source, filename: str, told: pyproj.CRS | None) -> Iterator[Layer]:
    # ``None`` lets GDAL decide; a Shapefile's text is never left to it.
    options = {"encoding": _gdal_name(source.encoding)} if source.encoding else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL remarks on time zones, application ids and rings' directions
            for name, geometry_type in pyogrio.list_layers(source.path):
                if geometry_type is None:
                    continue
                info = pyogrio.read_info(source.path, layer=name, **options)
                if info["driver"] not in _DRIVERS[source.kind]:
                    raise _refuse("unsupported_format", filename)
                meta, table = pyogrio.read_arrow(source.path, layer=name, **options)
                if info["features"] >= 0 and table.num_rows != info["features"]:
                    raise _refuse("damaged", filename, f"应有 {info['features']} 个图形，只读到 {table.num_rows} 个")
                found = pyproj.CRS.from_user_input(meta["crs"]) if meta["crs"] else None
                crs = told or found
                frame = _frame(table, meta["geometry_name"] or "wkb_geometry", crs)
                if frame.geometry.notna().any():
                    own = found if _says_so(source) else None
                    yield Layer(source.name or str(name), frame, crs, source.encoding or "UTF-8", own)
    except _BROKEN_READS as error:
        raise _refuse("damaged", filename) from error
    except (shapely.errors.ShapelyError, pyproj.exceptions.CRSError, pa.ArrowException, OSError, ValueError) as error:
        raise _refuse("damaged", filename) from error


def _says_so(source: _Source) -> bool:
    """Whether a reference system stands in the file: GDAL takes every GeoJSON to be in WGS 84 that says nothing."""
    return source.kind != ".geojson" or "crs" in json.loads(source.path.read_bytes())


def _gdal_name(encoding: str) -> str:
    name = _python_name(encoding)
    return name.upper() if name.casefold() in ("gbk", "gb18030", "utf-8") else name


def _frame(table: pa.Table, geometry: str, crs: pyproj.CRS | None) -> gpd.GeoDataFrame:
    """Whole numbers stay whole beside nulls, lists become JSON text.

    A shape that no geometry can be (a ring of two points, as OSM has them) is None, which the repair reports.
    """
    shapes = shapely.from_wkb(table[geometry].to_numpy(zero_copy_only=False), on_invalid="ignore")
    attributes = table.drop_columns([geometry])
    nullable = {pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    nullable |= {pa.bool_(): pd.BooleanDtype()}
    frame = attributes.to_pandas(types_mapper=nullable.get)
    for field in attributes.schema:
        if pa.types.is_list(field.type):
            texts = [None if v is None else json.dumps(v, ensure_ascii=False) for v in table[field.name].to_pylist()]
            frame[field.name] = pd.Series(texts, index=frame.index, dtype=object)
    # An attribute may itself be called geometry (a column of text, say): ours is the active one.
    if "geometry" in frame:
        frame = frame.rename(columns={"geometry": "geometry_attribute"})
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=crs)
