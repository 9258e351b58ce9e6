"""An actuarial projection of half a million formulas, and the same in NumPy.

Policies run down by a mortality table that is looked up by age; benefits, premiums and expenses
follow the lives, and reserves are rolled back from the last year.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xlcredit.ooxml.package import zipped
from xlcredit.ooxml.place import a1, column_letters

__all__ = ["FIRST", "SHEETS", "expected", "workbook"]

Floats = NDArray[np.float64]

#: Sheets of the projection; each has a row for each policy and a column for each year.
SHEETS = ("Lives", "Flows", "Reserve")
#: The first row and column of a projection: policies stand from row 3 on, years from column E.
FIRST = (3, 5)
_AGES, _INTEREST, _GROWTH = 130, 0.031, 0.021
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _mortality() -> Floats:
    ages = np.arange(_AGES)
    return np.minimum(1.0, 0.00035 + 0.00002 * 1.1**ages)


def _policies(count: int) -> tuple[Floats, Floats, Floats]:
    """Ages, sums insured and premiums."""
    number = np.arange(count)
    return 25.0 + number % 40, 1000.0 + 37.0 * (number % 211), 12.5 + number % 29


def expected(policies: int, years: int) -> dict[str, Floats]:
    """The values of each sheet, a row for each policy and a column for each year."""
    age, insured, premium = _policies(policies)
    table = _mortality()
    lives, flows, reserve = (np.empty((policies, years)) for _ in SHEETS)
    for year in range(years):
        rate = table[np.minimum(age + year, _AGES - 1).astype(int)]
        before = lives[:, year - 1] if year else np.ones(policies)
        lives[:, year] = before * (1.0 - rate)
        costs = 3.0 * (1.0 + _GROWTH) ** year
        flows[:, year] = (before - lives[:, year]) * insured - lives[:, year] * (premium - costs)
    ahead = np.zeros(policies)
    for year in reversed(range(years)):
        ahead = np.where(lives[:, year] < 1e-9, 0.0, (ahead + flows[:, year]) / (1.0 + _INTEREST))
        reserve[:, year] = ahead
    return dict(zip(SHEETS, (lives, flows, reserve), strict=True))


def workbook(policies: int, years: int) -> bytes:
    """Write the projection as a workbook without values beside its formulas."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="r{i}" Type="{_OFFICE}/worksheet" Target="worksheets/s{i}.xml"/>'
            for i in range(1, 5)
        )
        + "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>'
            for i, name in enumerate(("Basis", *SHEETS), 1)
        )
        + "</sheets></workbook>",
    }
    contents = {name: text.encode() for name, text in parts.items()}
    contents["xl/worksheets/s1.xml"] = _sheet(_basis())
    for i, name in enumerate(SHEETS, 2):
        contents[f"xl/worksheets/s{i}.xml"] = _sheet(_projection(name, policies, years))
    return zipped(contents)


def _sheet(rows: Iterator[list[str]]) -> bytes:
    body = "".join(f'<row r="{i}">{"".join(row)}</row>' for i, row in enumerate(rows, 1))
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'.encode()


def _number(row: int, column: int, value: float) -> str:
    return f'<c r="{a1(row, column)}"><v>{float(value)!r}</v></c>'


def _basis() -> Iterator[list[str]]:
    """Interest and growth of expenses in D1 and D2; ages and mortality in A and B."""
    for row, rate in enumerate(_mortality(), 1):
        cells = [_number(row, 1, row - 1), _number(row, 2, rate)]
        yield cells + ([_number(row, 4, (_INTEREST, _GROWTH)[row - 1])] if row <= 2 else [])


def _projection(name: str, policies: int, years: int) -> Iterator[list[str]]:
    row, column = FIRST
    yield []
    yield [_number(2, column + year, year) for year in range(years)]
    age, insured, premium = _policies(policies)
    for i in range(policies):
        given = [_number(row + i, 2 + k, x[i]) for k, x in enumerate((age, insured, premium))]
        yield given + [
            f'<c r="{a1(row + i, column + year)}"><f>{_formula(name, row + i, year, years)}</f>'
            "<v></v></c>"
            for year in range(years)
        ]


def _formula(name: str, row: int, year: int, years: int) -> str:
    here = column_letters(FIRST[1] + year)
    before = f"Lives!{column_letters(FIRST[1] + year - 1)}{row}" if year else "1"
    if name == "Lives":
        last = f"MIN($B{row}+{here}$2,{_AGES - 1})"
        rate = f"INDEX(Basis!$B$1:$B${_AGES},MATCH({last},Basis!$A$1:$A${_AGES},0))"
        return f"{before.removeprefix('Lives!')}*(1-{rate})"
    if name == "Flows":
        costs = f"3*(1+Basis!$D$2)^{here}$2"
        lives = f"Lives!{here}{row}"
        return f"({before}-{lives})*$C{row}-{lives}*($D{row}-{costs})"
    ahead = f"{column_letters(FIRST[1] + year + 1)}{row}" if year + 1 < years else "0"
    return f"IF(Lives!{here}{row}&lt;1E-9,0,({ahead}+Flows!{here}{row})/(1+Basis!$D$1))"
