"""The few operations that crash safety is built of, and what each of them promises."""

from typing import Protocol


class Files(Protocol):
    """A file system: each path is absolute, with or without a scheme, and ``/`` parts its names.

    A crash may take what was not synced: the content of a file that others have written, and the names that were made,
    moved or removed in a folder since its last sync.
    """

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: there is none.
        """

    def write(self, path: str, content: bytes) -> None:
        """Makes the file or replaces its content, which is on disk when this returns; a crash may leave a part."""

    def sync(self, path: str) -> None:
        """Brings the content of a file, or the names in a folder, to disk."""

    def rename(self, source: str, target: str) -> None:
        """Moves a file over whatever file is there, or a folder to where none is: at no instant is the target half."""

    def names(self, folder: str) -> list[str]:
        """The names of all files and folders in a folder, sorted; none if it does not exist."""

    def delete(self, path: str) -> None:
        """Removes a file, or a folder with all that is in it, if it exists."""

    def mkdirs(self, folder: str) -> None:
        """Makes a folder and those above it, which are on disk when this returns."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path."""

    @property
    def moves_folders(self) -> bool:
        """Whether a folder is moved in one step; on an object store, it is moved file by file."""
