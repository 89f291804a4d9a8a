"""Pictures by matplotlib: a figure to draw on, and its PNG bytes, which are the same for the same drawing.

Only the object API on the Agg canvas: nothing of pyplot, no window, no figure that outlives its drawing. All text is in
the Noto Sans SC that zhplot ships, whatever fonts the machine has; whatever a person set up for matplotlib is ignored.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cityhealth.errors import CityHealthError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Dots per inch: sharp in print, and small enough to send.
DPI = 150
_PACKAGE, _FONT = "zhplot", "NotoSansSC-Regular.ttf"
#: Settings of matplotlib are the process's; who draws has them alone.
_lock = threading.RLock()

INK, GREY, FAINT = "#262626", "#7F7F7F", "#D9D9D9"
BLUE, LIGHT_BLUE, RED, ORANGE, GREEN = "#2E75B6", "#9DC3E6", "#C00000", "#ED9A3A", "#5B9F68"


class NoFont(CityHealthError):
    """The font with Chinese glyphs is not installed."""


@dataclass(frozen=True)
class Picture:
    """A picture for the report: PNG bytes, and its size on paper in inches."""

    png: bytes
    width: float
    height: float


def picture(width: float, height: float, draw: Callable[[Figure], None]) -> Picture:
    """What ``draw`` puts on a figure of that size (inches).

    Raises:
        NoFont: zhplot is not installed.
    """
    with _settings() as matplotlib:
        figure = matplotlib.figure.Figure(figsize=(width, height), dpi=DPI, layout="constrained")
        matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
        draw(figure)
        buffer = io.BytesIO()
        # Without the version of matplotlib: an update alone would make another document.
        figure.savefig(buffer, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return Picture(buffer.getvalue(), width, height)


def font_file() -> Path:
    """The font, without importing the package that ships it, which would change the process's settings.

    Raises:
        NoFont: it is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder, "fonts", _FONT)
        if path.is_file():
            return path
    raise NoFont(f"没有安装带中文字形的字体（Python 包 {_PACKAGE} 中的 {_FONT}），不能绘制图件")


@contextlib.contextmanager
def _settings() -> Iterator[Any]:
    with _lock:
        matplotlib, family = _matplotlib()
        ours = {
            **matplotlib.rcParamsDefault,
            "backend": "agg",
            "font.family": family,
            "font.size": 10,
            "axes.unicode_minus": False,
            "axes.edgecolor": GREY,
            "axes.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "text.color": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "hatch.linewidth": 0.6,
        }
        with matplotlib.rc_context(ours):
            yield matplotlib


@cache
def _matplotlib() -> tuple[Any, str]:
    """The library with our font known to it, and that font's family."""
    with _cache_of_its_own():
        import matplotlib.backends.backend_agg
        import matplotlib.figure
        from matplotlib import font_manager

    path = font_file()
    font_manager.fontManager.addfont(path)
    return matplotlib, font_manager.FontProperties(fname=path).get_name()


@contextlib.contextmanager
def _cache_of_its_own() -> Iterator[None]:
    """At its first import matplotlib writes a list of fonts into the home of whoever runs it: not into ours."""
    if "MPLCONFIGDIR" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="cityhealth-") as folder:
        os.environ["MPLCONFIGDIR"] = folder
        try:
            yield
        finally:
            del os.environ["MPLCONFIGDIR"]
