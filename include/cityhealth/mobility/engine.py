"""What sums up movement data: one set of Ibis expressions, run by DuckDB here or by Spark where a city outgrows that.

No extension of either is used, nothing is looked up outside this machine or the named cluster.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot

from cityhealth.errors import CityHealthError

# Expressions are executed where they are asked to be, never by printing them.
ibis.options.interactive = False


class EngineError(CityHealthError):
    """The engine that was asked for is not there; the message says what is missing."""


class Engine(ABC):
    """An Ibis backend with a folder of its own for what it holds in between; the folder goes when the engine closes.

    With a cluster the folder must be one that its workers see, as must be the files that are read and written.
    """

    def __init__(self, name: str, backend: Any, folder: Path) -> None:
        self.name = name
        self.backend = backend
        self.folder = folder
        self._kept: dict[Hashable, ibis.Table] = {}

    @abstractmethod
    def read(self, paths: Path | Sequence[Path]) -> ibis.Table:
        """The rows of Parquet files, or of folders of them, together."""

    @abstractmethod
    def _save(self, expr: ibis.Table, path: Path) -> None:
        """Write the rows of ``expr`` to ``path``, which is not there yet."""

    def write(self, expr: ibis.Table, path: Path) -> None:
        """Write the rows of ``expr`` as Parquet (a file, or a folder of them with Spark): whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            self._save(expr, half)
            half.rename(path)
        finally:
            _remove(half)

    def table(self, rows: pa.Table) -> ibis.Table:
        """Rows that Python made, for the engine to join with."""
        path = self._fresh()
        pq.write_table(rows, path)
        return self.read(path)

    def to_arrow(self, expr: ibis.Table) -> pa.Table:
        """The rows of ``expr``, in no particular order. For results: they come into the memory of this process."""
        path = self._fresh()
        self._save(expr, path)
        try:
            return pq.read_table(path).cast(expr.schema().to_pyarrow())
        finally:
            _remove(path)

    @contextmanager
    def held(self, expr: ibis.Table) -> Iterator[ibis.Table]:
        """The rows of ``expr`` made once, to be read several times."""
        path = self._fresh()
        self._save(expr, path)
        try:
            yield self.read(path)
        finally:
            _remove(path)

    def once(self, key: Hashable, make: Callable[[], ibis.Table]) -> ibis.Table:
        """The rows of ``make()``, made when they are first asked for under ``key`` and kept as long as the engine."""
        if key not in self._kept:
            path = self._fresh()
            self._save(make(), path)
            self._kept[key] = self.read(path)
        return self._kept[key]

    def _fresh(self) -> Path:
        return self.folder / f"{uuid.uuid4().hex}.parquet"


class _DuckDB(Engine):
    def read(self, paths: Path | Sequence[Path]) -> ibis.Table:
        files = [str(path / "*.parquet" if path.is_dir() else path) for path in _listed(paths)]
        return self.backend.read_parquet(files)

    def _save(self, expr: ibis.Table, path: Path) -> None:
        self.backend.to_parquet(expr, path)


class _Spark(Engine):
    def read(self, paths: Path | Sequence[Path]) -> ibis.Table:
        name = f"parquet_{uuid.uuid4().hex}"
        files = [str(path) for path in _listed(paths)]
        self.backend._session.read.parquet(*files).createOrReplaceTempView(name)
        return self.backend.table(name)

    def _save(self, expr: ibis.Table, path: Path) -> None:
        # Spark takes 0.5 for a decimal, and divides decimals to six places.
        query = sqlglot.parse_one(self.backend.compile(expr), read="spark")
        for literal in list(query.find_all(sqlglot.exp.Literal)):
            if not literal.is_string and not literal.this.isdigit():
                literal.replace(sqlglot.exp.cast(literal.copy(), "double"))
        self.backend._session.sql(query.sql("spark")).write.parquet(str(path))


@contextmanager
def open_engine(name: str, folder: Path, memory: str = "1GB") -> Iterator[Engine]:
    """The engine ``name``: ``duckdb``, or a Spark master (``local[2]``, ``spark://host:7077``).

    ``folder`` takes what does not fit into ``memory``; the memory of Spark's driver is ``memory`` as well where this
    process starts its Java, that of its workers is the cluster's matter.

    Raises:
        EngineError: Spark was asked for and SPARK_HOME, pyspark or Java is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix=".engine-", dir=folder.resolve()))
    try:
        if name == "duckdb":
            backend = _duckdb(own, memory)
            try:
                yield _DuckDB(name, backend, own)
            finally:
                backend.disconnect()
        else:
            session = _spark(name, own, memory)
            try:
                yield _Spark(name, ibis.pyspark.connect(session), own)
            finally:
                session.stop()
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _duckdb(own: Path, memory: str) -> Any:
    return ibis.duckdb.connect(
        ":memory:",
        memory_limit=memory,
        temp_directory=str(own / "spilled"),
        autoinstall_known_extensions=False,
        autoload_known_extensions=False,
        # The order of rows means nothing here, and keeping it would cost memory.
        preserve_insertion_order=False,
    )


def _spark(master: str, own: Path, memory: str) -> Any:
    _find_pyspark()
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("cityhealth")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.warehouse.dir": str(own / "warehouse"),
        "spark.driver.memory": _megabytes(memory),
        "spark.log.level": "ERROR",
    }
    if master.startswith("local"):
        # Read by Java when it starts; without it Spark asks for the machine's name and binds to what that resolves to.
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        settings |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.local.dir": str(own / "spilled"),
            "spark.sql.shuffle.partitions": "2",
        }
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except Exception as error:
        raise EngineError(f"Spark（{master}）启动不了：{str(error).strip().splitlines()[0]}") from error


def _find_pyspark() -> None:
    """Put the Python of SPARK_HOME on the path: only for Spark, since others import it wherever they see it."""
    home = Path(os.environ.get("SPARK_HOME") or "none")
    # A distribution of Spark has the sources as a folder and zipped, the wheel only zipped.
    zipped = sorted(home.glob("python/lib/*.zip"))
    if not {path.name.partition("-")[0].partition(".")[0] for path in zipped} >= {"pyspark", "py4j"}:
        raise EngineError("使用 Spark 需要环境变量 SPARK_HOME，指向 Spark 的安装目录（其中有 python/lib/pyspark.zip）")
    java = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=str(Path(java, "bin")) if java else None) is None:
        raise EngineError("使用 Spark 需要 Java 17 以上（JAVA_HOME，或 PATH 中的 java）")
    if "pyspark" not in sys.modules:
        sys.path[:0] = [str(path) for path in zipped]


def _megabytes(memory: str) -> str:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(MB|GB)", memory)
    if found is None:
        raise EngineError(f"内存大小「{memory}」应如 1GB 或 800MB")
    return f"{round(float(found[1]) * (1024 if found[2] == 'GB' else 1))}m"


def _listed(paths: Path | Sequence[Path]) -> list[Path]:
    return [paths] if isinstance(paths, Path) else list(paths)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
