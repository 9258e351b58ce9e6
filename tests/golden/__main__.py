"""``python -m tests.golden`` shows which numbers differ from the released ones.

``--release`` makes those of now the released ones: part of every release, after the changelog says
which numbers change, by how much and why.
"""

from __future__ import annotations

import sys

from tests.golden.numbers import differences, figures, function_results, released, write
from xlcredit.deals import load, read_deal, shipped
from xlcredit.recalc import recalculate
from xlcredit.workbook import build


def _now() -> dict[str, dict[str, object]]:
    numbers = {"functions": function_results()}
    for name in shipped():
        template, home = load(name)
        numbers[name] = figures(
            recalculate(build(template, read_deal(home / "deal.toml", template)))
        )
    return numbers


def _main() -> None:
    for owner, numbers in _now().items():
        changed = dict(differences(released(owner), numbers))
        for name, how in changed.items():
            print(f"{owner}: {name}: {how}")
        print(f"{owner}: {len(numbers)} numbers, {len(changed)} differ from the released ones")
        if "--release" in sys.argv:
            write(owner, numbers)


_main()
