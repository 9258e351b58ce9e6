"""The README as the package's long description: what it links to is found from anywhere.

On the page of a package index nothing stands beside the text, so a picture or a link that is
relative in the repository becomes one to the repository itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"(!\[[^\]]*\]\()(?!https?:|#)([^)]+\))")
_LINK = re.compile(r"((?<!!)\[[^\]]*\]\()(?!https?:|#)([^)]+\))")


class Readme(MetadataHookInterface):
    """Puts the address of the repository before what is relative."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the field ``readme``."""
        home = metadata["urls"]["Documentation"].partition("#")[0]
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        text = _PICTURE.sub(rf"\1{home}/raw/main/\2", text)
        text = _LINK.sub(rf"\1{home}/blob/main/\2", text)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
