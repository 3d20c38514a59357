"""The digests of released schemas: what is written down here has left the house and does not change any more.

``schemas/released.sha256`` has the form of ``sha256sum``. A release adds lines (`sha256sum FILE >> released.sha256` in
that folder); no line is ever changed or removed.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path


def changed(root: Path) -> Iterator[Path]:
    """The released files of the source tree below ``root`` that are not what they were, or are gone."""
    schemas = root / "contracts" / "schemas"
    for line in (schemas / "released.sha256").read_text("utf-8").splitlines():
        digest, name = line.split()
        path = schemas / name
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield path
