"""Snapshots of the plant on disk, so that any line of the stream is a short simulation away."""

import re
import zlib
from bisect import bisect_right
from pathlib import Path
from threading import Lock
from typing import Final

MOST_SNAPSHOTS: Final = 512
MOST_BYTES: Final = 256 * 2**20
"""Bounds on what is kept; at either, every second snapshot goes and their distance doubles."""

_NAME: Final = re.compile(r"(\d+)-(\d+)\.snapshot")


class Snapshots:
    """Snapshots evenly spread over the run, in a directory of their own.

    Args:
        directory: made when it is missing.
        spacing: scans between snapshots in a new run.

    Each file is named by the scan and the line that it was taken after, and holds a checksum and the plant's bytes. A
    file that its checksum does not fit (a crash while it was written) is as good as none.
    """

    def __init__(self, directory: Path, spacing: int = 1) -> None:
        directory.mkdir(exist_ok=True)
        self._directory = directory
        self._lock = Lock()
        self._taken = sorted(
            (int(name[2]), int(name[1])) for path in directory.iterdir() if (name := _NAME.fullmatch(path.name))
        )
        self.spacing = max(spacing, self._taken[-1][1] // len(self._taken)) if self._taken else spacing

    def wanted(self, scan: int) -> bool:
        """Whether a snapshot should be taken after this scan."""
        return scan >= (self._taken[-1][1] if self._taken else 0) + self.spacing

    def add(self, scan: int, line: int, plant: bytes) -> None:
        """Keep the plant as it is after this scan and this line."""
        draft = self._directory / "draft"
        draft.write_bytes(b"%08x" % zlib.crc32(plant) + plant)
        draft.rename(self._path(line, scan))
        with self._lock:
            self._taken.append((line, scan))
            if len(self._taken) > max(2, min(MOST_SNAPSHOTS, MOST_BYTES // len(plant))):
                for thinned in self._taken[::2]:
                    self._path(*thinned).unlink(missing_ok=True)
                self._taken = self._taken[1::2]
                self.spacing *= 2

    def latest(self, *, line: int = 2**63, scan: int = 2**63) -> tuple[int, int, bytes] | None:
        """The latest snapshot after neither a later line nor a later scan: its scan, its line and the plant's bytes."""
        with self._lock:
            by_line = bisect_right(self._taken, line, key=lambda taken: taken[0])
            by_scan = bisect_right(self._taken, scan, key=lambda taken: taken[1])
            candidates = self._taken[: min(by_line, by_scan)]
        for after_line, after_scan in reversed(candidates):
            try:
                content = self._path(after_line, after_scan).read_bytes()
            except FileNotFoundError:  # thinned out in the meantime
                continue
            if content[:8] == b"%08x" % zlib.crc32(content[8:]):
                return after_scan, after_line, content[8:]
        return None

    def _path(self, line: int, scan: int) -> Path:
        return self._directory / f"{scan:012d}-{line:015d}.snapshot"
