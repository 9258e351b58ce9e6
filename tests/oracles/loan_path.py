"""The loan agreement along one path, read from the contract and run in fifty digits.

Written from the rules alone, one event after the other, before the engine existed: no array, no
shared helper, no import of xlcredit. It is slow and plain on purpose; the tests hold the engine
to it deal by deal.
"""

from __future__ import annotations

from typing import Any

from mpmath import mp, mpf

mp.dps = 50

TIE = mpf(10) ** -12
DEFAULTS: dict[str, Any] = {
    "periods_per_year": 12,
    "balloon": None,
    "fee": 0,
    "oid": 0,
    "dsra_opening": 0,
    "dsra_periods": 0,
    "dsra_stays": 0,
    "sweep": 0,
    "lockup": 0,
    "liquidity": 0,
    "grace_periods": None,
    "cash_control": 1,
    "coin_units": 0,
    "gpu_units": 0,
    "coin_haircut": 0,
    "gpu_haircut": 0,
    "call_ltv": None,
    "cure_ltv": None,
    "liquidation_ltv": None,
    "cure_periods": 0,
    "coin_slippage": 0,
    "gpu_recovery": 1,
    "gpu_depth": None,
    "sale_days": 90,
    "gpu_impact": 0,
    "exponent": 0.6,
    "sale_haircut": 0,
    "sale_cost": 0,
    "recovery_periods": 0,
    "accelerated": 0,
    "payment_periods": 1,
    "principal_periods": 1,
    "trigger_level": 0,
    "trigger_sweep": 0,
    "trigger_dsra_periods": 0,
}


def at_least(a: mpf, b: mpf) -> bool:
    return bool(a >= b - TIE * max(abs(a), abs(b)))


class Path:
    """One path of one loan; ``rows`` holds what happened in each period."""

    def __init__(
        self, terms: dict[str, float], scheduled, cfads, coin, gpu, rates, prepayment=None
    ) -> None:
        given = DEFAULTS | terms
        self.t = {k: (None if v is None else mpf(v)) for k, v in given.items()}
        self.N = len(scheduled)
        failing = int(self.t["accelerated"])
        self.last = failing if 0 < failing <= self.N else self.N
        if 0 < failing <= self.N:
            self.t["balloon"] = mpf(0)
        self.scheduled = [mpf(s) for s in scheduled]
        self.cfads = None if cfads is None else [mpf(c) for c in cfads]
        self.must = [mpf(p) for p in prepayment or [0] * self.N]
        self.coin = [mpf(0)] * (self.N + 1) if coin is None else [mpf(c) for c in coin]
        self.gpu = [mpf(0)] * (self.N + 1) if gpu is None else [mpf(g) for g in gpu]
        self.rates = [mpf(r) for r in rates or [terms["rate"]] * self.N]
        every = int(self.t["payment_periods"])
        apart = int(self.t["principal_periods"])
        self.sharing = {k for k in range(1, self.N + 1) if (self.N - k) % apart == 0}
        self.sharing.add(self.last)
        self.since = [mpf(0), mpf(0)]  # cash and service since cash was last shared out
        self.dates = {k for k in range(1, self.N + 1) if k % every == 0 or k == self.N}
        for series in (self.scheduled, self.cfads, self.must, self.rates):
            self.wait(series)
        self.B, self.A = self.t["loan"], mpf(0)
        self.R, self.T, self.U = self.t["dsra_opening"], mpf(0), self.t["liquidity"]
        self.q, self.n = self.t["coin_units"], self.t["gpu_units"]
        self.opened: int | None = None
        self.missed = 0
        self.first_missed = self.first_call = None
        self.calls = self.sales = 0
        self.status, self.end = "performing", self.last
        self.exposure = self.recovered = self.loss = self.surplus = mpf(0)
        self.levels = self.t["call_ltv"] is not None
        self.max_ltv = self.ltv(0) if self.levels else None
        self.received: list[tuple[int, mpf]] = []  # (period, cash to the lender)
        self.repaid: list[tuple[int, mpf]] = []  # (period, cash that took the balance down)
        self.rows: list[dict[str, Any]] = []
        self.plan()

    def wait(self, series: list[mpf] | None) -> None:
        """What comes between two payment dates waits for the later one."""
        waiting = mpf(0)
        for k in range(1, self.N + 1) if series else ():
            waiting += series[k - 1]
            series[k - 1], waiting = (waiting, mpf(0)) if k in self.dates else (mpf(0), waiting)

    def plan(self) -> None:
        """The schedule as signed: its balances and services."""
        b, self.services = self.t["loan"], []
        for s, r in zip(self.scheduled, self.rates, strict=True):
            p = min(b, s)
            self.services.append(b * r / self.t["periods_per_year"] + p)
            b -= p
        self.signed = b

    def value(self, k: int) -> mpf:
        coin = self.q * self.coin[k] * (1 - self.t["coin_haircut"])
        return coin + self.n * self.gpu[k] * (1 - self.t["gpu_haircut"])

    def ltv(self, k: int) -> mpf:
        if self.B == 0:
            return mpf(0)
        return self.B / self.value(k) if self.value(k) else mp.inf

    def tidy(self) -> None:
        if abs(self.B) <= TIE * self.t["loan"]:
            self.B = mpf(0)
        self.A = min(self.A, self.B)

    def draw(self, due: mpf, c: mpf) -> tuple[mpf, mpf]:
        """Pay out of c, then R, then U; return what was paid and what is left of c."""
        available = c + self.R + self.U
        paid = due if at_least(available, due) else available
        left = paid
        for account in ("c", "R", "U"):
            held = c if account == "c" else getattr(self, account)
            taken = min(held, left)
            left -= taken
            if account == "c":
                c -= taken
            else:
                setattr(self, account, held - taken)
        return paid, c

    def run(self) -> Path:
        for k in range(1, self.last + 1):
            if self.status != "performing":
                cash = self.cfads[k - 1] if self.cfads else mpf(0)
                row = dict.fromkeys(
                    "interest principal sweep closing dsra trap unpaid topped_up coin_repaid "
                    "capitalised recovered surplus proceeds liquidity_used late".split(),
                    mpf(0),
                )
                row |= {"distribution": max(cash, mpf(0)), "gap": max(-cash, mpf(0)), "dscr": None}
                self.rows.append(row)
                continue
            if k not in self.dates:
                names = "interest principal sweep unpaid topped_up coin_repaid capitalised gap"
                row = dict.fromkeys([*names.split(), "distribution"], mpf(0)) | {"dscr": None}
                self.rows.append(
                    row | {"closing": self.B, "dsra": self.R, "trap": self.T, "late": self.A}
                )
                continue
            self.period(k)
        self.settle()
        return self

    def period(self, k: int) -> None:
        before, opening = self.U, self.B
        names = "sweep topped_up coin_repaid distribution gap recovered surplus proceeds"
        self.row = dict.fromkeys(names.split(), mpf(0))
        c = self.service(k)
        if self.cfads is None or not self.default(k, c):
            c = c if self.cfads is None else self.reserve_and_sweep(k, c)
            self.after_service(k, c)
        self.row |= {"closing": self.B, "dsra": self.R, "trap": self.T, "late": self.A}
        self.row |= {"liquidity_used": before - self.U, "opening": opening}
        self.rows.append(self.row)

    def service(self, k: int) -> mpf:
        """Steps 1 to 3; return the cash that is left."""
        t, row = self.t, self.row
        interest = self.B * self.rates[k - 1] / t["periods_per_year"]
        of_schedule = self.scheduled[k - 1] + self.A
        principal = self.B if at_least(of_schedule, self.B) else of_schedule
        service = interest + principal
        if k == self.last and t["balloon"] is not None:
            asked = max(of_schedule, self.B - t["balloon"])
            principal = self.B if at_least(asked, self.B) else asked
        row["dscr"] = None
        c = mpf(0)
        if self.cfads is None:
            self.B -= principal
            paid_interest, paid_principal = interest, principal
        else:
            earned = self.cfads[k - 1] - self.must[k - 1]
            if k == 1 or k - 1 in self.sharing:
                self.since = [earned, service]
            else:  # arrears have been counted when they were first due again
                fresh = interest + min(self.scheduled[k - 1], self.B)
                self.since = [self.since[0] + earned, self.since[1] + fresh]
            if self.since[1] > 0:
                row["dscr"] = self.since[0] / self.since[1]
            c = self.fill_hole(self.cfads[k - 1] + self.T)
            self.T = mpf(0)
            paid_interest, c = self.draw(interest, c)
            paid_principal, c = self.draw(principal, c)
            self.B += interest - paid_interest - paid_principal
            self.A = principal - paid_principal
        self.tidy()
        row["interest"], row["principal"] = paid_interest, paid_principal
        row["capitalised"] = interest - paid_interest
        row["unpaid"] = interest - paid_interest + principal - paid_principal
        self.received.append((k, paid_interest + paid_principal))
        self.repaid.append((k, paid_principal))
        return c

    def fill_hole(self, c: mpf) -> mpf:
        if c >= 0:
            return c
        hole = -c
        for account in ("R", "U"):
            taken = min(hole, getattr(self, account))
            hole -= taken
            setattr(self, account, getattr(self, account) - taken)
        self.row["gap"] = hole
        return mpf(0)

    def default(self, k: int, c: mpf) -> bool:
        """Step 4; return whether the path has ended."""
        if self.row["unpaid"] == 0:
            self.missed = 0
            return False
        self.missed += int(self.t["payment_periods"]) if self.missed else 1
        if self.first_missed is None:
            self.first_missed = k
        grace = self.t["grace_periods"]
        if grace is None or not (self.missed > grace or k == self.last):
            return False
        self.enforce(k, "payment_default", c)
        return True

    def reserve_and_sweep(self, k: int, c: mpf) -> mpf:
        """Steps 5 and 6; return the cash that is left."""
        must = min(self.must[k - 1], c)
        if at_least(must, self.B):
            must = self.B
        self.B -= must
        c -= must
        self.tidy()
        periods, start, share = int(self.t["dsra_periods"]), k, self.t["sweep"]
        if not at_least(self.coin[k], self.t["trigger_level"]):
            periods = max(periods, int(self.t["trigger_dsra_periods"]))
            share = max(share, self.t["trigger_sweep"])
        if self.t["dsra_stays"] and k < self.N:
            start = min(k, max(0, self.N - periods))
        ahead = self.services[start : start + periods]
        target = sum(ahead, mpf(0)) if self.B > 0 else mpf(0)
        held = min(target, self.R + c)
        c -= held - self.R
        self.R = held
        swept = share * c if k in self.sharing else mpf(0)
        if at_least(swept, self.B):
            swept = self.B
        self.B -= swept
        c -= swept
        self.tidy()
        self.row["sweep"] = must + swept
        self.received.append((k, must + swept))
        self.repaid.append((k, must + swept))
        if self.t["cash_control"] == 0:
            self.row["distribution"] += c
            return mpf(0)
        return c

    def after_service(self, k: int, c: mpf) -> None:
        """Steps 7 and 8, and the distribution."""
        if self.B == 0:
            self.end_repaid(k, c)
            return
        self.left = c
        if self.levels and self.collateral(k, c):
            return
        dscr = self.row["dscr"]
        locked = dscr is not None and not at_least(dscr, self.t["lockup"])
        if self.opened is not None or locked or k not in self.sharing:
            self.T += self.left
        else:
            self.row["distribution"] += self.left

    def end_repaid(self, k: int, c: mpf) -> None:
        self.status, self.end = "repaid", k
        self.row["distribution"] += self.R + self.T + c
        self.R = self.T = self.A = mpf(0)

    def collateral(self, k: int, c: mpf) -> bool:
        """Test LTV; return whether the path has ended."""
        t = self.t
        self.left = c
        ltv = self.ltv(k)
        self.max_ltv = max(self.max_ltv, ltv)
        if at_least(ltv, t["liquidation_ltv"]):
            self.enforce(k, "liquidated", c)
            return True
        if not at_least(ltv, t["call_ltv"]):
            self.opened = None
            return False
        if self.opened is None:
            self.opened = k
            self.calls += 1
            if self.first_call is None:
                self.first_call = k
        if k - self.opened < t["cure_periods"]:
            return False
        cure, kept = t["cure_ltv"], 1 - t["coin_slippage"]
        top = min(c + self.U, self.B - cure * self.value(k))
        from_c = min(c, top)
        c -= from_c
        self.U -= top - from_c
        self.B -= top
        self.A = max(mpf(0), self.A - top)
        self.row["topped_up"] = top
        self.tidy()
        if not at_least(cure * self.value(k), self.B):
            held = self.q * self.coin[k]
            gain = kept - cure * (1 - t["coin_haircut"])
            x = (self.B - cure * self.value(k)) / gain if gain > 0 else held
            y = min(x, held, self.B / kept)
            if y > 0:
                self.q = self.q - y / self.coin[k] if y < held else mpf(0)
                self.B -= y * kept
                self.A = max(mpf(0), self.A - y * kept)
                self.row["coin_repaid"] = y * kept
                self.row["coin_sold"] = y
                self.sales += 1
                self.tidy()
        self.left = c
        for what in ("topped_up", "coin_repaid"):
            self.received.append((k, self.row[what]))
            self.repaid.append((k, self.row[what]))
        if self.B == 0:
            self.end_repaid(k, c)
            return True
        ltv = self.ltv(k)
        if not at_least(ltv, t["call_ltv"]) or at_least(cure, ltv):
            self.opened = None
            return False
        self.enforce(k, "liquidated", c)
        return True

    def cards(self, k: int) -> mpf:
        """Net proceeds of all cards in enforcement."""
        t = self.t
        worth = self.n * self.gpu[k]
        if t["gpu_depth"] is None:
            return worth * t["gpu_recovery"]
        size = self.n / (t["gpu_depth"] * t["sale_days"])
        average = mpf(1)
        if t["gpu_impact"] and size:
            impact, beta = t["gpu_impact"], t["exponent"]
            # u = x^(1/2) takes the kink of a small power away from the end
            average = mp.quad(
                lambda u: 2 * u * mp.exp(-impact * (u * u * size) ** beta), mp.linspace(0, 1, 9)
            )
        return max(mpf(0), worth * (1 - t["sale_haircut"]) * average - t["sale_cost"] * self.n)

    def enforce(self, k: int, status: str, c: mpf) -> None:
        t = self.t
        self.status, self.end = status, k
        proceeds = self.q * self.coin[k] * (1 - t["coin_slippage"]) + self.cards(k)
        pot = self.R + self.T + proceeds + (c if t["cash_control"] else mpf(0))
        self.exposure = self.B
        self.recovered = min(self.exposure, pot)
        self.loss = self.exposure - self.recovered
        self.surplus = pot - self.recovered
        self.received.append((k + int(t["recovery_periods"]), self.recovered))
        self.repaid.append((k + int(t["recovery_periods"]), self.recovered))
        self.row |= {
            "recovered": self.recovered,
            "surplus": self.surplus,
            "proceeds": proceeds,
        }
        self.B = self.A = self.R = self.T = mpf(0)

    def settle(self) -> None:
        """What is unpaid at the end, and what is refinanced then."""
        self.unpaid = mpf(0)
        if self.status == "performing":
            allowed = self.signed if self.t["balloon"] is None else self.t["balloon"]
            short = max(self.A, self.B - allowed)
            self.unpaid = short if short > TIE * self.t["loan"] else mpf(0)
            self.received.append((self.last, self.B - self.unpaid))
            self.repaid.append((self.last, self.B - self.unpaid))

    def figures(self) -> dict[str, Any]:
        """The block that the worksheet shows; None where there is no such figure."""
        to_end = self.rows[: self.end]
        covers = [r["dscr"] for r in to_end if r["dscr"] is not None]
        return {
            "status": self.status,
            "end_period": self.end,
            "first_missed": self.first_missed,
            "unpaid": self.unpaid,
            "exposure": self.exposure,
            "recovered": self.recovered,
            "loss": self.loss,
            "distributed": self.total("distribution"),
            "surplus": self.surplus,
            "swept": self.total("sweep"),
            "calls": self.calls,
            "first_call": self.first_call,
            "sales": self.sales,
            "topped_up": self.total("topped_up"),
            "coin_sold": self.total("coin_sold"),
            "max_ltv": self.max_ltv,
            "min_dscr": min(covers) if covers else None,
            "min_scheduled_dscr": self.scheduled_cover(),
            "min_forward_dscr": self.scheduled_cover(later=1),
            "irr": self.irr(),
            "multiple": self.multiple(),
            "wal": self.wal(),
            "balance": self.B,
            "reserve": self.R,
            "trapped": self.T,
            "liquidity": self.U,
            "coin_units": self.q,
        }

    def scheduled_cover(self, later: int = 0) -> mpf | None:
        """The lowest cash over what the schedule asks for, in the periods up to the end.

        ``later`` 1 looks at the period after each test.
        """
        owed, lowest = self.t["loan"], None
        for k in range(min(self.end + later, self.N) if self.cfads else 0):
            interest = owed * self.rates[k] / self.t["periods_per_year"]
            principal = min(owed, self.scheduled[k])
            owed -= principal
            if interest + principal > 0 and k >= later:
                cover = (self.cfads[k] - self.must[k]) / (interest + principal)
                lowest = cover if lowest is None else min(lowest, cover)
        return lowest

    def total(self, name: str) -> mpf:
        return sum((row.get(name, mpf(0)) for row in self.rows[: self.end]), mpf(0))

    def paid_out(self) -> mpf:
        return self.t["loan"] * (1 - self.t["fee"] - self.t["oid"])

    def multiple(self) -> mpf | None:
        out = self.paid_out()
        return sum((c for _, c in self.received), mpf(0)) / out if out else None

    def irr(self) -> mpf | None:
        out = self.paid_out()
        if not out:
            return None
        flows: dict[int, mpf] = {}
        for k, c in self.received:
            flows[k] = flows.get(k, mpf(0)) + c
        flows = {k: c for k, c in flows.items() if c > 0}
        if not flows:
            return mpf(-1)
        m = self.t["periods_per_year"]

        def worth(g: mpf) -> mpf:
            return sum(c * mp.exp(-g * k) for k, c in flows.items()) - out

        low, high = mpf(-1), mpf(1)
        while worth(low) < 0:
            low *= 2
        while worth(high) > 0:
            high *= 2
        for _ in range(160):
            middle = (low + high) / 2
            low, high = (middle, high) if worth(middle) > 0 else (low, middle)
        return mp.expm1(low * m)

    def wal(self) -> mpf | None:
        paid = sum((c for _, c in self.repaid), mpf(0))
        if paid <= 0:
            return None
        return sum(k * c for k, c in self.repaid) / paid / self.t["periods_per_year"]
