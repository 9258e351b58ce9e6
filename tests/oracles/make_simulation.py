"""Reference values of the simulation, from plain Python and numbers of its own.

Run it from the root: ``python -m tests.oracles.make_simulation``. Some minutes.
"""

from __future__ import annotations

import json
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from tests.oracles.plain_simulation import simulate
from tests.oracles.simulated_deals import simulated_deal

FILE = Path(__file__).with_name("simulated.json")
PATHS = 50_000
#: Other deals than those whose paths are compared one by one.
SEEDS = range(100, 116)


def one(seed: int) -> dict[str, Any]:
    terms, series = simulated_deal(seed)
    figures = simulate(terms, series, PATHS, seed)
    return {"seed": seed, "terms": terms, "series": series, "figures": figures}


def main() -> None:
    with Pool(2) as pool:
        rows = pool.map(one, SEEDS, chunksize=1)
    head = {
        "source": "plain Python, random.Random",
        "program": "make_simulation.py",
        "paths": PATHS,
    }
    cases = ",\n  ".join(json.dumps(row) for row in rows)
    FILE.write_text(json.dumps(head)[:-1] + f',\n "cases": [\n  {cases}\n]}}\n')


if __name__ == "__main__":
    main()
