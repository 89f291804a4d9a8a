"""Who sends what, when: three days in May 2021, told as scenes. Every scene takes the city and returns files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from cityhealth import form
from cityhealth.catalogue import Catalogue
from cityhealth.sample_city import broken, planting
from cityhealth.sample_city.drafts import Draft, first_draft
from cityhealth.sample_city.figures import Figures
from cityhealth.sample_city.files import LABEL, LABEL_LINE, Expected, Oddity, SampleFile
from cityhealth.sample_city.grids import Grid, comma_separated, xls, xlsx
from cityhealth.sample_city.retyping import BY_NAME, FULL, retyped
from cityhealth.sample_city.yearbook import census_table, main_figures
from cityhealth.settings import CITY_TIMEZONE

FIRST, SECOND, THIRD = (date(2021, 5, day) for day in (18, 19, 20))


@dataclass(frozen=True)
class Cast:
    """Department codes by the part they play; no department has two."""

    typist: str  # retypes everything, decorated
    wrong: str  # wrong values and lines
    formulas: str  # formulas and texts that are no number, corrected next day
    gb18030: str
    utf8_bom: str
    utf8: str
    old_excel: str
    macros: str
    million_rows: str
    odd_name: str
    wrong_extension: str
    silent: str  # its only file comes under a name that nobody knows


@dataclass(frozen=True)
class City:
    """Everything a scene needs. ``codes`` are the departments that owe something, the largest form first."""

    catalogue: Catalogue
    year: int
    figures: Figures
    codes: tuple[str, ...]
    cast: Cast
    clean: Mapping[str, Draft]
    drafts: Mapping[str, Draft]

    @property
    def rest(self) -> tuple[str, ...]:
        """Departments without a part: they fill the template."""
        parts = set(vars(self.cast).values())
        return tuple(code for code in self.codes if code not in parts)


def prepare(catalogue: Catalogue, year: int, seed: int) -> City:
    """Draw the figures, cast the departments, plant the oddities.

    Raises NothingFits where the catalogue has too few departments or no row for an oddity.
    """
    figures = Figures(catalogue, year, seed)
    drafts = {
        department.code: draft
        for department in catalogue.departments
        if (draft := first_draft(catalogue, department.code, year, figures)).lines
    }
    codes = tuple(sorted(drafts, key=lambda code: (-len(drafts[code].lines), code)))
    cast = _cast(codes)
    city = City(catalogue, year, figures, codes, cast, drafts, drafts)
    planted = planting.unreadable_values(catalogue, drafts, cast.formulas)
    planted = planting.wrong_lines(catalogue, planted, [cast.wrong])
    planted = planting.wrong_values(catalogue, planted, [cast.wrong, *city.rest])
    by_hand = [cast.typist, cast.gb18030, cast.old_excel]
    planted = planting.spellings(catalogue, planted, [*by_hand, *city.rest], by_hand)
    planted = planting.absences(catalogue, planted, [*by_hand, *city.rest])
    planted = planting.evidence(catalogue, planted, city.rest)
    return replace(city, drafts=planted)


def _cast(codes: Sequence[str]) -> Cast:
    """The largest form is filled properly; the next largest have room for many oddities, the smallest is silent."""
    parts = list(Cast.__dataclass_fields__)
    if len(codes) < len(parts) + 4:
        raise planting.NothingFits(f"the sample city needs {len(parts) + 4} departments with duties")
    return Cast(**dict(zip(parts, [*codes[1 : len(parts)], codes[-1]], strict=True)))


def templates_filled(city: City) -> list[SampleFile]:
    """Most departments fill the template and send it on the first or second day."""
    return [_filled(city, code) for code in city.rest]


def _filled(city: City, code: str) -> SampleFile:
    draft, number = city.drafts[code], city.rest.index(code)
    day = FIRST if number % 3 else SECOND
    if draft.retyped:
        return file_of(draft, _typed_name(draft, "xlsx"), xlsx(retyped(draft)), day, number)
    return file_of(with_oddity(draft, Oddity.TEMPLATE), template_name(city, draft), draft.as_template(), day, number)


def typed_by_hand(city: City) -> list[SampleFile]:
    """Tables that people made again in their own way, in whatever format their office saves."""
    cast = city.cast
    shaped: tuple[tuple[str, str, Callable[[Draft], bytes], frozenset[Oddity]], ...] = (
        (
            cast.typist,
            "xlsx",
            lambda d: xlsx(retyped(d, BY_NAME, gaps=True, merged=True)),
            frozenset((Oddity.ADDED_COLUMNS, Oddity.EMPTY_ROWS, Oddity.MERGED_CELLS)),
        ),
        (cast.wrong, "xlsx", lambda d: xlsx(retyped(d)), frozenset()),
        (cast.formulas, "xlsx", lambda d: xlsx(retyped(d)), frozenset()),
        (cast.gb18030, "csv", lambda d: comma_separated(retyped(d), "gb18030"), frozenset((Oddity.CSV_GB18030,))),
        (cast.utf8_bom, "csv", lambda d: comma_separated(retyped(d), "utf-8-sig"), frozenset((Oddity.CSV_UTF8_BOM,))),
        (cast.utf8, "csv", lambda d: comma_separated(retyped(d, FULL[1:])), frozenset((Oddity.CSV_UTF8,))),
        (cast.old_excel, "xls", lambda d: xls(retyped(d, merged=True)), frozenset((Oddity.XLS, Oddity.MERGED_CELLS))),
        (cast.macros, "xlsm", lambda d: xlsx(retyped(d), macros=True), frozenset((Oddity.MACROS,))),
        (
            cast.million_rows,
            "xlsx",
            lambda d: xlsx(retyped(d), finish=broken.format_a_million_rows),
            frozenset((Oddity.A_MILLION_ROWS,)),
        ),
    )
    always = frozenset((Oddity.RETYPED, Oddity.TITLE_ROWS, Oddity.TRAILING_NOTES))
    files = []
    for number, (code, extension, render, oddities) in enumerate(shaped):
        draft = replace(city.drafts[code], oddities=city.drafts[code].oddities | oddities | always)
        file = file_of(draft, _typed_name(draft, extension), render(draft), FIRST, 20 + number)
        # Every other sender leaves it to the file's name or title to say who it is.
        files.append(replace(file, department_text=None) if number % 2 else file)
    return files


def odd_names(city: City) -> list[SampleFile]:
    """Names of files that break programs, and one that lies."""
    named = city.drafts[city.cast.odd_name]
    lying = city.drafts[city.cast.wrong_extension]
    name = f"{named.form.department_name} 2020年 \"最终版\"\n（改 2）'终'.xlsx"
    return [
        file_of(with_oddity(named, Oddity.ODD_FILENAME), name, named.as_template(), FIRST, 40),
        file_of(with_oddity(lying, Oddity.WRONG_EXTENSION), _typed_name(lying, "xls"), lying.as_template(), FIRST, 41),
    ]


def unreadable_first(city: City) -> list[SampleFile]:
    """First attempts that nobody can read; the same departments send a good file as well."""
    attempts: tuple[tuple[Oddity, str, str, Callable[[bytes], bytes]], ...] = (
        (Oddity.TRUNCATED, "damaged", "传输中断", broken.truncated),
        (Oddity.ENCRYPTED, "encrypted", "加密", broken.encrypted),
        (Oddity.ZIP_BOMB, "zip_bomb", "超大", broken.zip_bomb),
        (Oddity.EMPTY_FILE, "empty", "空", lambda workbook: b""),
        (Oddity.NO_TABLE, "no_header", "正文", lambda workbook: xlsx(_covering_letter())),
    )
    return [
        _plain_file(
            filename=f"{city.clean[code].form.department_name}_{word}_{LABEL}.xlsx",
            data=spoil(city.clean[code].as_template()),
            department=city.clean[code].form.department_name,
            day=FIRST,
            number=number,
            oddity=oddity,
            expected=Expected("refused", read_error=error),
        )
        for number, ((oddity, error, word, spoil), code) in enumerate(
            zip(attempts, reversed(city.codes[:-1]), strict=False)
        )
    ]


def second_thoughts(city: City) -> list[SampleFile]:
    """Corrections, withdrawals, repetitions: what later files do to earlier ones."""
    corrected, insisting, withdrawing, twice = city.rest[:4]
    files = [_corrected_formulas(city), _correction(city, corrected), _refused_correction(city, insisting)]
    files.append(_withdrawal(city, withdrawing))
    first = _filled(city, twice)
    again = replace(
        first,
        received_at=working_time(THIRD, 30),
        oddities=first.oddities | {Oddity.SAME_FILE_TWICE},
        note_zh=Oddity.SAME_FILE_TWICE.value,
    )
    return [*files, again]


def strangers(city: City) -> list[SampleFile]:
    """A sender whom nobody knows, and tables that others made."""
    silent = city.drafts[city.cast.silent]
    anonymous = replace(silent.form, department_name="市智慧城市发展中心")
    unknown = replace(silent, form=anonymous, oddities=frozenset((Oddity.UNKNOWN_DEPARTMENT,)))
    examination = city.catalogue.examination(city.year)
    year, city_code = str(examination.period_start.year), _city_code(city)
    return [
        _plain_file(
            filename="市智慧城市发展中心城市体检数据.xlsx",
            data=unknown.as_template(),
            department="市智慧城市发展中心",
            day=SECOND,
            number=30,
            oddity=Oddity.UNKNOWN_DEPARTMENT,
            expected=Expected("refused", ("department_known",), refused=len(silent.lines)),
        ),
        _plain_file(
            filename="census_county_2020_合成数据.xlsx",
            data=xlsx(census_table(city.catalogue)),
            department=None,
            day=FIRST,
            number=50,
            oddity=Oddity.FOREIGN_TABLE,
            expected=Expected("accepted"),
            feed="yearbook",
        ),
        _plain_file(
            filename="统计年鉴_主要指标_合成数据.xlsx",
            data=xlsx(main_figures(city.figures, year, city_code)),
            department=None,
            day=SECOND,
            number=51,
            oddity=Oddity.SOURCES_DISAGREE,
            expected=Expected("accepted"),
            feed="yearbook",
        ),
    ]


SCENES = (templates_filled, typed_by_hand, odd_names, unreadable_first, second_thoughts, strangers)


def _corrected_formulas(city: City) -> SampleFile:
    """The department whose formulas were refused fills the template the next day."""
    draft = with_oddity(city.clean[city.cast.formulas], Oddity.CORRECTED)
    return file_of(draft, template_name(city, draft), draft.as_template(), SECOND, 40)


def _correction(city: City, code: str) -> SampleFile:
    """The whole form again with one figure changed by 3 %."""
    draft = city.drafts[code]
    index, _ = next((i, row) for i, row in draft.free_rows() if draft.number(i) > 0 and not row.integer)
    changed = draft.planted(
        index,
        Oddity.CORRECTED,
        {"value_text": float(f"{draft.number(index) * 0.97:.5g}"), "remarks_text": "更正前次填报数"},
    )
    data = changed.as_template() if not changed.retyped else xlsx(retyped(changed))
    return file_of(changed, f"{draft.form.department_name}（更正）.xlsx", data, THIRD, 10)


def _refused_correction(city: City, code: str) -> SampleFile:
    """One line only, and that is out of range: the earlier figure stays in force."""
    draft = only_row(city.clean[code], lambda d: next(i for i, row in d.free_rows() if row.maximum is not None))
    maximum = draft.form.rows[0].maximum or 0.0
    changed = draft.planted(0, Oddity.REFUSED_RESUBMISSION, {"value_text": maximum * 100}, rule="hard_range", refused=1)
    name = f"{draft.form.department_name}（补充更正）.xlsx"
    return file_of(changed, name, xlsx(retyped(changed)), THIRD, 12)


def _withdrawal(city: City, code: str) -> SampleFile:
    """One figure of an earlier file is taken back."""
    measures = {item.code for item in city.catalogue.items if item.role == "measure"}
    draft = only_row(city.clean[code], lambda d: [i for i, row in d.free_rows() if row.item_code in measures][-1])
    empty = {"value_text": None, "source_text": None, "method_text": None, "attachment_text": None}
    changed = draft.planted(
        0, Oddity.WITHDRAWN, {**empty, "state_text": form.STATES[1], "remarks_text": "口径有误，暂时撤回"}
    )
    return file_of(changed, f"{draft.form.department_name}（撤回）.xlsx", xlsx(retyped(changed)), THIRD, 14)


def only_row(draft: Draft, choose: Callable[[Draft], int]) -> Draft:
    index = choose(draft)
    return replace(
        draft,
        form=replace(draft.form, rows=(draft.form.rows[index],)),
        lines=(draft.lines[index],),
        touched=frozenset(),
    )


def _covering_letter() -> Grid:
    return Grid(
        [[LABEL_LINE], ["关于报送城市体检数据的函"], ["市体检办：现将我单位数据报送你办，请查收。附件见后。"]], "正文"
    )


def with_oddity(draft: Draft, oddity: Oddity) -> Draft:
    return replace(draft, oddities=draft.oddities | {oddity})


def template_name(city: City, draft: Draft) -> str:
    return f"城市体检填报表_{city.year}_{draft.form.department_name}.xlsx"


def _typed_name(draft: Draft, extension: str) -> str:
    return f"{draft.form.department_name}城市体检数据.{extension}"


def _city_code(city: City) -> str:
    """The area for which the city's totals are asked."""
    gdp = city.catalogue.item("gdp")
    if gdp is None:
        raise planting.NothingFits("the catalogue has no item gdp for the yearbook to disagree about")
    return gdp.area_scope


def file_of(draft: Draft, filename: str, data: bytes, day: date, number: int) -> SampleFile:
    """A file of a department with what its draft says should happen to it."""
    filled = sum(line["value_text"] is not None or line["state_text"] is not None for line in draft.lines)
    verdict = "accepted" if not draft.refused else "refused" if draft.refused >= filled else "partly"
    names = "；".join(sorted(oddity.value for oddity in draft.oddities)) or Oddity.TEMPLATE.value
    return SampleFile(
        filename=filename,
        data=data,
        feed="departmental",
        department_text=draft.form.department_name,
        received_at=working_time(day, number),
        attachments=draft.attachments,
        oddities=draft.oddities,
        note_zh=names,
        expected=Expected(verdict, draft.rules, draft.refused),  # type: ignore[arg-type]
    )


def _plain_file(
    filename: str,
    data: bytes,
    department: str | None,
    day: date,
    number: int,
    oddity: Oddity,
    expected: Expected,
    feed: str = "departmental",
) -> SampleFile:
    return SampleFile(
        filename, data, feed, department, working_time(day, number), (), frozenset((oddity,)), oddity.value, expected
    )


def working_time(day: date, number: int) -> datetime:
    """Between nine and six o'clock in the city, seven minutes apart."""
    return datetime.combine(day, time(9), CITY_TIMEZONE) + timedelta(minutes=7 * number)
