"""What Windows forbids Excel: the settings of a company that keep the add-in from running.

The registry's keys are those that Microsoft documents for Office 2016 to 365; none of this was
verified on a real Windows.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["Obstacle", "Read", "obstacles", "read_registry"]

#: Read a value: hive, key and name give what the registry holds, None if there is nothing.
Read = Callable[[str, str, str], object]

_USER, _MACHINE = "HKEY_CURRENT_USER", "HKEY_LOCAL_MACHINE"
_SECURITY = r"Software\Policies\Microsoft\Office\16.0\Excel\Security"
_ATTACK_SURFACE = (
    r"Software\Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"
)
#: Block all Office applications from creating child processes.
_NO_CHILDREN = "D4F940AB-401B-4EFC-AADC-AD5F3C50688A"
_ON = (1, "1")


class Obstacle(NamedTuple):
    """One setting in the way, and what can be done."""

    problem: str
    remedy: str


def obstacles(read: Read) -> Iterator[Obstacle]:
    """Find the settings that keep Excel from loading the add-in or from starting Python.

    Parameters
    ----------
    read : callable
        How to read the registry: :func:`read_registry`, or a stand-in.
    """
    for hive in (_USER, _MACHINE):
        if read(hive, _SECURITY, "DisableAllAddins") in _ON:
            yield Obstacle("a policy disables all add-ins in Excel", _ask("allow xlcredit.xlam"))
        if read(hive, _SECURITY, "RequireAddinSig") in _ON:
            yield Obstacle("a policy demands signed add-ins", _ask("sign or allow xlcredit.xlam"))
        untrusted = read(hive, rf"{_SECURITY}\Trusted Locations", "AllLocationsDisabled") in _ON
        if untrusted and read(hive, _SECURITY, "VBAWarnings") in (3, 4):
            yield Obstacle(
                "a policy blocks macros, and trusts no folder, not even Excel's own XLSTART",
                _ask("trust that folder, or sign the add-in"),
            )
        if read(hive, _ATTACK_SURFACE, _NO_CHILDREN) in _ON:
            yield Obstacle(
                "a rule of Windows Defender keeps Excel from starting programs, and so Python",
                _ask("exclude the interpreter from the rule"),
            )


def _ask(what: str) -> str:
    return f"ask your IT to {what}; stored values and xlcredit recalc work without the add-in"


def read_registry(hive: str, key: str, name: str) -> object:
    """Read one value of the Windows registry; on other systems there is none."""
    if sys.platform != "win32":
        return None
    import winreg  # noqa: PLC0415 - exists on Windows only

    try:
        with winreg.OpenKey(getattr(winreg, hive), key) as opened:
            return winreg.QueryValueEx(opened, name)[0]
    except OSError:
        return None
