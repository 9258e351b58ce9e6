"""What may have been meant: the nearest name after a misspelling."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "in_english", "nearest"]

#: Below this likeness a suggestion is noise.
_ALIKE = 0.6
#: From here on two names are one name with a slip.
_SLIP = 0.85
#: Names that are looked at beyond those that are wanted: some are alike in their last word alone.
_MORE = 3

#: What common functions are called in a German and in a French Excel: a file has English names.
_ABROAD = """
IF WENN SI; IFERROR WENNFEHLER SIERREUR; AND UND ET; OR ODER OU; NOT NICHT NON; TRUE WAHR VRAI;
FALSE FALSCH FAUX; SUM SUMME SOMME; SUMIF SUMMEWENN SOMME.SI; SUMIFS SUMMEWENNS SOMME.SI.ENS;
SUMPRODUCT SUMMENPRODUKT SOMMEPROD; COUNT ANZAHL NB; COUNTA ANZAHL2 NBVAL;
COUNTIF ZÄHLENWENN NB.SI; COUNTIFS ZÄHLENWENNS NB.SI.ENS; AVERAGE MITTELWERT MOYENNE;
AVERAGEIF MITTELWERTWENN MOYENNE.SI; MINIFS MINWENNS MIN.SI.ENS; MAXIFS MAXWENNS MAX.SI.ENS;
LARGE KGRÖSSTE GRANDE.VALEUR; SMALL KKLEINSTE PETITE.VALEUR; ROUND RUNDEN ARRONDI;
ROUNDUP AUFRUNDEN ARRONDI.SUP; ROUNDDOWN ABRUNDEN ARRONDI.INF; INT GANZZAHL ENT; MOD REST;
SQRT WURZEL RACINE; POWER POTENZ PUISSANCE; VLOOKUP SVERWEIS RECHERCHEV;
HLOOKUP WVERWEIS RECHERCHEH; XLOOKUP XVERWEIS RECHERCHEX; MATCH VERGLEICH EQUIV;
CHOOSE WAHL CHOISIR; OFFSET BEREICH.VERSCHIEBEN DECALER; ROW ZEILE LIGNE; COLUMN SPALTE COLONNE;
EOMONTH MONATSENDE FIN.MOIS; EDATE EDATUM MOIS.DECALER; DATE DATUM; TODAY HEUTE AUJOURDHUI;
YEAR JAHR ANNEE; MONTH MONAT MOIS; DAY TAG JOUR; DAYS TAGE JOURS;
YEARFRAC BRTEILJAHRE FRACTION.ANNEE; PMT RMZ VPM; IPMT ZINSZ INTPER; PPMT KAPZ PRINCPER;
RATE ZINS TAUX; PV BW VA; FV ZW VC; NPER ZZR NPM; NPV NBW VAN; IRR IKV TRI;
XNPV XKAPITALWERT VAN.PAIEMENTS; XIRR XINTZINSFUSS TRI.PAIEMENTS; ISNUMBER ISTZAHL ESTNUM;
ISERROR ISTFEHLER ESTERREUR; LEN LÄNGE NBCAR; LEFT LINKS GAUCHE; RIGHT RECHTS DROITE; MID TEIL STXT
"""
_ENGLISH = {
    name: english
    for english, *names in (line.split() for line in _ABROAD.split(";"))
    for name in names
}


def in_english(function: str) -> str:
    """Give what a function of a German or a French Excel is called in a file, or nothing.

    Examples
    --------
    >>> in_english("MONATSENDE"), in_english("EOMONTH")
    ('EOMONTH', '')
    """
    return _ENGLISH.get(function.upper(), "")


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return what a word may be a misspelling of, the nearest first; mostly nothing.

    Case, what all names of a kind begin with and a last word in common do not make two of them
    alike; of names of several words, one that begins with the other is near.

    Examples
    --------
    >>> nearest("XLC_LVT", ["XLC_LTV", "XLC_PV"], 1), nearest("--jsno", ["--json", "--force"])
    (['XLC_LTV'], ['--json'])
    >>> nearest("XLC_FOO", ["XLC_LTV", "XLC_PV"]), nearest("--set", ["--shared"])
    ([], [])
    >>> nearest("icr_month", ["icr", "mid_month"]), nearest("icr_month", ["mid_month"])
    (['icr'], [])
    """
    import difflib  # noqa: PLC0415 - only after a mistake, and every cell imports this module

    bare = {_bare(name): name for name in known}
    # Longer than any name of ours, and matching takes the square of the length.
    meant = _bare(word)[:80]
    close = difflib.get_close_matches(meant, bare, most + _MORE, _ALIKE)
    close = [name for name in close if _first_words_alike(meant, name)]
    begun = [name for name in bare if name not in close and _begins(meant, name)]
    # the longest of those that it begins with says most, and less than a slip of the fingers
    begun.sort(key=lambda name: abs(len(name) - len(meant)))
    slips = [n for n in close if difflib.SequenceMatcher(None, meant, n).ratio() >= _SLIP]
    others = [name for name in close if name not in slips]
    return [bare[name] for name in [*slips, *begun, *others][:most]]


def did_you_mean(word: str, known: Iterable[str], most: int = 1) -> str:
    """Return the end of a message: what may have been meant, or nothing.

    Examples
    --------
    >>> did_you_mean("marign", ["margin", "fee"]), did_you_mean("rent", ["margin", "fee"])
    ('; did you mean margin?', '')
    """
    near = nearest(word, known, most)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _first_words_alike(word: str, name: str) -> bool:
    """Whether two names are alike in more than the word that they end with."""
    import difflib  # noqa: PLC0415

    (first, _, last), (other, _, end) = word.rpartition("_"), name.rpartition("_")
    if last != end or not first or not other:
        return True
    return difflib.SequenceMatcher(None, first, other).ratio() >= _ALIKE


def _begins(word: str, name: str) -> bool:
    """Whether one of two names begins with the words of the other."""
    short, long = sorted((word, name), key=len)
    return bool(short) and long.startswith(f"{short}_")


def _bare(name: str) -> str:
    return name.casefold().lstrip("-").removeprefix("xlc_")
