import os
from pathlib import Path
from urllib.parse import quote

import pytest

from analysis.storage.local import LocalFiles


@pytest.fixture
def files() -> LocalFiles:
    return LocalFiles()


@pytest.mark.parametrize("content", [b"", b"\x00\xff\r\n", bytes(range(256)) * 1000])
def test_what_is_written_is_read_and_no_checksum_lies_beside_it(
    files: LocalFiles, tmp_path: Path, content: bytes
) -> None:
    files.write(f"{tmp_path}/date=2026-01-01/a", content)
    files.write(f"{tmp_path}/date=2026-01-01/a", content)
    assert files.read(f"file:{tmp_path}/date=2026-01-01/a") == content
    assert [path.name for path in (tmp_path / "date=2026-01-01").iterdir()] == ["a"]


def test_a_file_that_is_not_there_is_told_as_python_tells_it(files: LocalFiles, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        files.read(f"{tmp_path}/nothing")
    assert files.names(f"{tmp_path}/nothing") == []
    assert not files.exists(f"{tmp_path}/nothing")
    files.delete(f"{tmp_path}/nothing")


def test_a_rename_replaces_a_file_and_a_reader_keeps_the_old_one(files: LocalFiles, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    inode = new.stat().st_ino
    with old.open("rb") as reader:
        files.rename(str(new), str(old))
        assert reader.read() == b"old"
    assert (old.read_bytes(), old.stat().st_ino, new.exists()) == (b"new", inode, False)


def test_a_rename_moves_a_folder(files: LocalFiles, tmp_path: Path) -> None:
    (tmp_path / "a" / "date=1").mkdir(parents=True)
    (tmp_path / "a" / "date=1" / "file").write_bytes(b"x")
    files.rename(f"{tmp_path}/a/date=1", f"{tmp_path}/b")
    assert (tmp_path / "b" / "file").read_bytes() == b"x"
    assert files.moves_folders


def test_a_rename_of_nothing_is_an_error(files: LocalFiles, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="nothing"):
        files.rename(f"{tmp_path}/nothing", f"{tmp_path}/target")


def test_names_are_sorted_and_a_folder_is_deleted_with_all_that_is_in_it(files: LocalFiles, tmp_path: Path) -> None:
    for name in ("b", "a", "c/d"):
        files.write(f"{tmp_path}/f/{name}", b"")
    assert files.names(f"{tmp_path}/f") == ["a", "b", "c"]
    files.delete(f"{tmp_path}/f")
    assert files.names(str(tmp_path)) == []


def test_syncs_reach_the_file_its_folder_and_every_folder_that_was_made(
    files: LocalFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def seen(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", seen)
    files.mkdirs(f"{tmp_path}/a/b")
    assert synced == [f"{tmp_path}/a", str(tmp_path)]
    files.mkdirs(f"{tmp_path}/a/b")
    files.write(f"{tmp_path}/a/b/file", b"x")
    files.sync(f"{tmp_path}/a/b/file")
    files.sync(f"{tmp_path}/a/b")
    assert synced[2:] == [f"{tmp_path}/a/b/file", f"{tmp_path}/a/b/file", f"{tmp_path}/a/b"]


@pytest.mark.parametrize("name", ["plain", "a b", "dønnées", "50%25", "date=2026-01-01"])
@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}"])
def test_a_path_is_the_same_with_and_without_a_scheme(files: LocalFiles, tmp_path: Path, name: str, form: str) -> None:
    at = tmp_path / name
    path = str(at) if form == "{}" else form.format(quote(str(at)))
    files.write(path, b"x")
    assert at.read_bytes() == b"x"
