"""The survey of the sample city: what it says of itself, and how waves differ."""

from __future__ import annotations

from collections import Counter
from datetime import date

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.files import LABEL_LINE
from cityhealth.sample_city.survey import MENDED, PROBLEMS, QUESTIONS, generate_survey
from cityhealth.survey.codebook import read_codebook
from cityhealth.survey.masking import mask
from cityhealth.tabular import read_sheets


def test_the_same_seed_gives_the_same_bytes_and_each_file_says_that_it_is_synthetic(catalogue: Catalogue) -> None:
    files = generate_survey(catalogue)
    assert [(f.filename, f.data, f.attachments) for f in files] == [
        (f.filename, f.data, f.attachments) for f in generate_survey(catalogue)
    ]
    for file in files:
        first = read_sheets(file.data, file.filename)[0].rows[1]
        assert next(iter(first.values())).text == LABEL_LINE
        assert date(2021, 6, 21) <= file.received_at.date() <= date(2021, 8, 4)


def test_the_codebook_is_the_same_in_a_table_and_in_yaml(catalogue: Catalogue) -> None:
    books = [read_codebook(data, name) for file in generate_survey(catalogue) for name, data in file.attachments]
    assert len({str([(q.code, q.dimension, q.indicator, q.of, q.skip) for q in book.questions]) for book in books}) == 1
    assert len({(book.wave, book.columns, book.fielded_to, str(book.groups), book.free_text) for book in books}) == 1


def test_questions_are_of_all_eight_dimensions_and_relate_to_indicators_that_there_are(catalogue: Catalogue) -> None:
    known = {indicator.code for indicator in catalogue.indicators}
    assert Counter(asked.dimension for asked in QUESTIONS) == dict.fromkeys(
        ("ECO", "HLT", "SAF", "TRA", "CHA", "ORD", "INC", "INN"), 3
    )
    assert {asked.indicator for asked in QUESTIONS} - {None} <= known
    # One of the problems has no indicator behind it.
    assert len(PROBLEMS) == 4 and {asked.indicator for asked in QUESTIONS if asked.code in PROBLEMS} >= {None, "ORD03"}


def test_a_later_wave_finds_better_what_was_put_right(catalogue: Catalogue) -> None:
    files = generate_survey(catalogue, waves=("2021-06", "2022-06"))
    assert sorted({file.received_at.year for file in files}) == [2021, 2022]

    def content(year: int, question: str) -> Counter[str]:
        file = next(f for f in files if f.received_at.year == year)
        rows = list(read_sheets(file.data, file.filename)[0].rows.values())
        column = next(number for number, cell in rows[1].items() if cell.text == question)
        return Counter(row[column].text for row in rows[2:] if column in row)

    for question in MENDED:
        before, after = content(2021, question), content(2022, question)
        assert before["非常不满意"] > 2 * after["非常不满意"] and after["比较满意"] > before["比较满意"]


def test_its_personal_numbers_are_those_that_masking_finds(catalogue: Catalogue) -> None:
    found = Counter[str]()
    for file in generate_survey(catalogue):
        for row in read_sheets(file.data, file.filename)[0].rows.values():
            for cell in row.values():
                masked = mask(cell.text)
                found += Counter(phones=masked.phones, ids=masked.ids)
    # Two telephones are in the file that was refused, and again.
    assert found == Counter(phones=11, ids=2)
