"""The market through one model: public deals, one page of assumptions, one sheet.

``.venv/bin/python workbooks/market-screen/screen.py`` writes ``workbooks/market-screen.xlsx`` and
``workbooks/market-screen.png``. What filings say of a deal stands in ``terms.csv``, each figure
with its source; everything else is the same for all deals and stands in ``assumptions.csv``. So
the screen compares structures, not borrowers: it says what a spread would have to be if all cards
earned the same rent, and nothing about what any borrower earns.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from xlcredit.deals import load
from xlcredit.deals.deal import fill_deal
from xlcredit.files import replace_file
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.workbook.build import build
from xlcredit.workbook.export import Column, Table, write_sheet
from xlcredit.workbook.saving import saved
from xlcredit.workbook.sensitivity.chart import pyplot
from xlcredit.workbook.session import Session

HERE = Path(__file__).parent
AS_OF = dt.date(2026, 11, 22)
#: What a building costs, for each kW of critical power: that of Flash Compute, 1,360 m for 168 MW.
SITE_KW = 8_100.0
#: Its operating cost in the first year for each kW, and what falls due at the end of the loan.
OPEX_KW, BALLOON = 254.0, 0.55
SHELL_KW = 1_500.0
#: What the guarantor of the lease pays at most, over the loan: as of Flash Compute, 1.8 on 1.3 bn.
SUPPORT = 1.8 / 1.3

FIGURES = {
    "spread_offered": ("spread_offered",),
    "spread_required": ("required_spread", "spread_required"),
    "spread_gap": ("spread_gap",),
    "dscr_in_contract": ("dscr_on_curve", "dscr_as_underwritten"),
    "dscr_after_contract": ("dscr_after_contract",),
    "refinancing_gap": ("refi_gap",),
    "debt_drawn": ("debt",),
}


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file beside this one."""
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def value(text: str) -> Any:
    """A number or a date."""
    try:
        return float(text)
    except ValueError:
        return dt.date.fromisoformat(text)


def deals() -> dict[str, tuple[str, dict[str, Any]]]:
    """Each deal: its template, and every input that the template does not default."""
    standard: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows("assumptions.csv"):
        source = f"assumption: {row['why']}"
        standard[row["template"]][row["input"]] = {"value": value(row["value"]), "source": source}
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for row in rows("terms.csv"):
        _, inputs = found.setdefault(row["deal"], (row["template"], {}))
        given = {"value": value(row["value"]), "source": row["source"]}
        inputs[row["input"]] = given | ({"as_of": value(row["as_of"])} if row["as_of"] else {})
    return {
        deal: (template, scaled(template, deal, standard[template] | inputs))
        for deal, (template, inputs) in found.items()
    }


def scaled(template: str, deal: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Size the collateral by the loan and the advance rate: no filing counts the cards."""
    cost = inputs["commitment"]["value"] / inputs["advance_rate"]["value"]
    words = {"borrower": deal, "customer": "see the filing"}
    if template == "gpu-term-loan":
        each = inputs["gpu_cost"]["value"] + inputs["other_capex"]["value"]
        made: dict[str, Any] = {"gpus": float(round(cost / each)), "gpu_model": "GB200 NVL72"}
    else:
        kilowatts = cost / SITE_KW
        made = {
            "site_cost": cost,
            "critical_kw": kilowatts,
            "shell_value": SHELL_KW * kilowatts,
            "opex_year": OPEX_KW * kilowatts,
            "support_cap": SUPPORT * inputs["commitment"]["value"],
            "balloon": BALLOON * inputs["commitment"]["value"],
        }
    told = "assumption: from loan, advance rate and the costs of the page of assumptions"
    return inputs | {n: {"value": v, "source": told} for n, v in (words | made).items()}


def line(deal: str, name: str, inputs: dict[str, Any], share: float) -> list[Any]:
    """Calculate one deal; ``share`` is the part that it has in all cards of the screen."""
    template, _ = load(name)
    given = {"template": name, "name": deal, "as_of": AS_OF, "note": "", "inputs": inputs}
    content = build(template, fill_deal(given, template, Path(deal)))
    with Session(Book(Package(content, f"{deal}.xlsx"))) as book:
        found: list[Any] = [deal, "GPU loan" if share else "site loan"]
        for names in FIGURES.values():
            shown = next((book[n] for n in names if n in book), None)
            found.append(shown if isinstance(shown, float) else None)
        found += losses(book, share) if share else [None, None]
    known = sum(not given["source"].startswith("assumption") for given in inputs.values())
    return [*found, known, len(template.inputs) - known]


def units(inputs: dict[str, Any]) -> float:
    """Cards of a deal; a site has none."""
    return float(inputs["gpus"]["value"]) if "gpus" in inputs else 0.0


def screen() -> Table:
    """Calculate every deal, and the GPU loans once more with all their cards on sale at once."""
    found = deals()
    cards = sum(units(inputs) for _, inputs in found.values())
    with ProcessPoolExecutor(6) as pool:
        asked = [
            pool.submit(line, deal, name, inputs, units(inputs) / cards)
            for deal, (name, inputs) in found.items()
        ]
        lines = [answer.result() for answer in asked]
    columns = [Column("deal", "text"), Column("kind", "text")]
    shown = ["bp", "bp", "bp", "ratio", "ratio", "USD", "USD"]
    columns += [Column(n, "number", u) for n, u in zip(FIGURES, shown, strict=True)]
    columns += [Column("loss_given_default_alone", "number", "share")]
    columns += [Column("loss_given_default_all_sell", "number", "share")]
    columns += [Column("inputs_cited", "count"), Column("inputs_assumed", "count")]
    return Table(columns, lines)


def losses(book: Session, share: float) -> list[float | None]:
    """Worst loss given default, alone in the market and when every card of the screen is on sale.

    A share of the depth for a share of the cards is the average price of the whole lot.
    """
    alone = book["lgd_peak"]
    book["daily_depth"] = float(book["daily_depth"]) * share  # type: ignore[arg-type]
    together = book["lgd_peak"]
    return [x if isinstance(x, float) else None for x in (alone, together)]


def write(table: Table) -> None:
    """Write the screen, what it does not know, the cited terms and the assumptions."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Screen"
    write_sheet(
        sheet,
        table,
        "The market through one model",
        "Structures compared on the same assumed rents and cards: no statement about any borrower.",
    )
    sheet.column_dimensions["A"].width = 30
    notes = workbook.create_sheet("What it does not know")
    lines = (HERE / "unknown.txt").read_text(encoding="utf-8").splitlines()
    unknown = Table([Column("what", "text")], [[line] for line in lines])
    write_sheet(notes, unknown, "What this sheet does not know")
    notes.column_dimensions["A"].width = 120
    for title, name in (("Terms, cited", "terms.csv"), ("Assumptions", "assumptions.csv")):
        found = rows(name)
        columns = [Column(key, "text") for key in found[0]]
        page = workbook.create_sheet(title)
        write_sheet(page, Table(columns, [list(row.values()) for row in found]), title)
        page.column_dimensions["E"].width = page.column_dimensions["D"].width = 60
    workbook.properties.creator = "xlcredit"
    workbook.properties.created = dt.datetime.combine(AS_OF, dt.time())
    replace_file(HERE.parent / "market-screen.xlsx", saved(workbook, AS_OF))


def chart(table: Table) -> None:
    """Spread offered against spread required, the deals by name."""
    picture = pyplot()(figsize=(8.5, 7.0), layout="constrained")
    plot = picture.add_subplot()
    known = [row for row in table.rows if row[2] is not None and row[3] is not None]
    top = 1.05 * max(max(row[2], row[3]) for row in known)
    for kind, mark in (("GPU loan", "o"), ("site loan", "s")):
        of_kind = [row for row in known if row[1] == kind]
        xs, ys = [row[3] for row in of_kind], [row[2] for row in of_kind]
        plot.plot(xs, ys, mark, color="black", fillstyle="none", label=kind)
    for row in known:
        plot.annotate(
            row[0], (row[3], row[2]), fontsize=6, xytext=(4, 3), textcoords="offset points"
        )
    plot.plot([0, top], [0, top], "--", color="gray", label="offered = required")
    plot.set_xlabel("spread required on the page of assumptions [bp]")
    plot.set_ylabel("spread offered [bp]")
    plot.set_title("Same rents and cards for all: a comparison of structures", fontsize=9)
    plot.legend(frameon=False)
    picture.savefig(HERE.parent / "market-screen.png", dpi=140, metadata={"Software": None})


if __name__ == "__main__":
    made = screen()
    write(made)
    chart(made)
    for made_row in made.rows:
        print(*(f"{x:,.2f}" if isinstance(x, float) else x for x in made_row), sep=" | ")
