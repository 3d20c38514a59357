"""A disk in memory that can crash at every operation, and then has forgotten what was not synced."""

from dataclasses import dataclass
from enum import Enum


class Crash(BaseException):
    """The machine stops: nothing between here and the test may catch it."""


class Fault(Enum):
    """What a disk leaves out, to show that its users depend on it."""

    NONE = "nothing"
    SYNC = "sync"
    WRITE_SYNC = "the sync of a write"
    RENAME = "the atomicity of a rename"


@dataclass
class Inode:
    content: bytes
    on_disk: bytes


class Disk:
    """`analysis.storage.files.Files` over dictionaries; folders are there when something is in them.

    The sync of a folder takes those below it along, which that of a real one does not.

    Args:
        crash_at: the operation before which it crashes, counted from 1; a write and a faulty rename count twice, as
            they can be cut in the middle, and the removal of a folder once for each file.
        fault: what it leaves out.
    """

    moves_folders = True

    def __init__(self, crash_at: int | None = None, fault: Fault = Fault.NONE) -> None:
        self.live: dict[str, Inode] = {}
        self.durable: dict[str, Inode] = {}
        self.operations = 0
        self.syncs = 0
        self.skipped_sync: int | None = None
        self.crash_at = crash_at
        self.fault = fault

    def after_crash(self, *, names_kept: bool, below: str = "/") -> "Disk":
        """The disk as it comes back: with names as they were last, everywhere or below a folder, others as synced last.

        A file system is free to do either, for each folder.
        """
        found = {path: inode for path, inode in self.live.items() if names_kept and path.startswith(below)}
        found |= {path: inode for path, inode in self.durable.items() if not (names_kept and path.startswith(below))}
        disk = Disk(fault=self.fault)
        disk.live = {path: Inode(inode.on_disk, inode.on_disk) for path, inode in found.items()}
        disk.durable = dict(disk.live)
        return disk

    def read(self, path: str) -> bytes:
        if path not in self.live:
            raise FileNotFoundError(path)
        return self.live[path].content

    def write(self, path: str, content: bytes) -> None:
        self._step()
        inode = self.live.setdefault(path, Inode(b"", b""))
        inode.content = content[: len(content) // 2]
        inode.on_disk = inode.content
        self._step()
        inode.content = content
        if self.fault is not Fault.WRITE_SYNC:
            inode.on_disk = content

    def write_unsynced(self, path: str, content: bytes) -> None:
        """As an executor writes: nothing of it is on disk."""
        self._step()
        self.live[path] = Inode(content, b"")

    def sync(self, path: str) -> None:
        self._step()
        self.syncs += 1
        if self.fault is Fault.SYNC or self.syncs == self.skipped_sync:
            return
        if path in self.live:
            self.live[path].on_disk = self.live[path].content
            return
        inside = f"{path}/"
        for name in [name for name in self.durable if name.startswith(inside) and name not in self.live]:
            del self.durable[name]
        self.durable |= {name: inode for name, inode in self.live.items() if name.startswith(inside)}

    def rename(self, source: str, target: str) -> None:
        self._step()
        if self.fault is Fault.RENAME:
            self.live.pop(target, None)
            self._step()
        if source in self.live:
            self.live[target] = self.live.pop(source)
            return
        moved = [name for name in self.live if name.startswith(f"{source}/")]
        assert moved, f"nothing to rename: {source}"
        assert not self.exists(target)
        for name in moved:
            self.live[target + name.removeprefix(source)] = self.live.pop(name)

    def names(self, folder: str) -> list[str]:
        inside = f"{folder}/"
        return sorted({name.removeprefix(inside).split("/")[0] for name in self.live if name.startswith(inside)})

    def delete(self, path: str) -> None:
        for name in [name for name in self.live if name == path or name.startswith(f"{path}/")]:
            self._step()
            del self.live[name]

    def mkdirs(self, _folder: str) -> None:
        self._step()

    def exists(self, path: str) -> bool:
        return any(name == path or name.startswith(f"{path}/") for name in self.live)

    def _step(self) -> None:
        self.operations += 1
        if self.operations == self.crash_at:
            raise Crash
