"""The local file system, or one that is mounted as if it were: `analysis.storage.files.Files` by the operating system.

Hadoop's own does the same with a process of ``chmod`` for each file, and with checksums beside the data that plain
readers trip over.
"""

import os
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit


class LocalFiles:
    """Files below the root of this machine; a path may have the scheme ``file``."""

    @property
    def moves_folders(self) -> bool:
        """A folder is moved in one step (rename(2))."""
        return True

    def read(self, path: str) -> bytes:
        """The content of a file; see `analysis.storage.files.Files` for this and the others."""
        return _local(path).read_bytes()

    def write(self, path: str, content: bytes) -> None:
        """Writes and syncs the file; folders above it are made."""
        at = _local(path)
        at.parent.mkdir(parents=True, exist_ok=True)
        with at.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def sync(self, path: str) -> None:
        """Syncs a file, or the names in a folder."""
        descriptor = os.open(_local(path), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, source: str, target: str) -> None:
        """Moves a file over what is there, or a folder to where none is."""
        _local(source).rename(_local(target))

    def names(self, folder: str) -> list[str]:
        """The names in a folder, sorted."""
        try:
            return sorted(path.name for path in _local(folder).iterdir())
        except FileNotFoundError:
            return []

    def delete(self, path: str) -> None:
        """Removes a file, or a folder with all that is in it."""
        at = _local(path)
        if at.is_dir() and not at.is_symlink():
            shutil.rmtree(at)
        else:
            at.unlink(missing_ok=True)

    def mkdirs(self, folder: str) -> None:
        """Makes a folder and those above it; each new name is synced."""
        at = _local(folder)
        made = [path for path in (at, *at.parents) if not path.exists()]
        at.mkdir(parents=True, exist_ok=True)
        for path in made:
            self.sync(str(path.parent))

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path."""
        return _local(path).exists()


def _local(path: str) -> Path:
    """The path without a scheme: ``file:/a``, ``file:///a`` and ``/a`` are the same."""
    if not path.startswith("file:"):
        return Path(path)
    return Path(unquote(urlsplit(path).path))
