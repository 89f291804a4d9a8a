"""What every package says of itself: which city, which year, what is in it, what is not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cityhealth.catalogue import Catalogue
from cityhealth.exports.selection import Selection

AUDIENCES: Mapping[str, str] = {"ministry": "上报包", "public": "公开数据包", "third_party": "第三方移交包"}
SYNTHETIC = "合成数据"


@dataclass(frozen=True)
class Frame:
    """The words around the figures. ``text`` is the page 说明.txt, ``facts`` the same for a sheet."""

    city_code: str
    city_zh: str
    title: str
    name: str
    facts: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        return "\n".join([self.title, "", *(f"{name}：{content}" for name, content in self.facts), ""])


def frame_of(selection: Selection, catalogue: Catalogue) -> Frame:
    """What to write on and in a package."""
    examination = selection.examination
    city_code, city_zh = _city(catalogue, examination.default_area_code)
    what = f"{city_zh}{examination.year}年城市体检{AUDIENCES[selection.audience]}"
    marked = f"{SYNTHETIC}_" if selection.synthetic else ""
    facts = [
        ("评价期", f"{examination.period_start} 至 {examination.period_end}"),
        ("指标体系", f"{examination.system} {examination.year}"),
        (
            "数据截至",
            selection.data_as_of.strftime("%Y-%m-%d %H:%M（北京时间）") if selection.data_as_of else "尚未收到数据",
        ),
        ("没有数据", "未报、未通过校验、不适用、无标准都写成状态，值为空，绝不写成零。"),
    ]
    if selection.synthetic:
        facts.insert(
            0, (SYNTHETIC, "本包含演示用的合成数据，不是真实数据，不得引用；各表的 synthetic 列标明哪些行如此。")
        )
    for table in selection.tables.values():
        if table.kept_back:
            facts.append(
                (
                    f"未列入「{table.title_zh}」",
                    f"按对外提供目录的条件有 {table.kept_back} 行没有列入。{table.reason_zh}",
                )
            )
    facts += [(f"不含「{title}」", reason) for _, title, reason in selection.withheld]
    facts += [(f"不含「{title}」", "成果表尚未生成。") for _, title in selection.absent]
    facts.append(
        ("核对", "SHA256SUMS 列出包内每个文件的校验和：cityhealth export verify，或 sha256sum -c SHA256SUMS。")
    )
    return Frame(
        city_code, city_zh, f"{what}（{SYNTHETIC}）" if selection.synthetic else what, f"{marked}{what}", tuple(facts)
    )


def _city(catalogue: Catalogue, area_code: str) -> tuple[str, str]:
    """Code and name of the city that an area lies in (or the area's own, where no city is above it)."""
    areas = {area.code: area for area in catalogue.areas}
    area = areas[area_code]
    while area.level != "city" and area.parent_code in areas:
        area = areas[area.parent_code]
    return area.code, area.name_zh
