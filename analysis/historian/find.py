"""Find the files that hold rows of a time, written before a batch."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from analysis.historian import layout
from analysis.historian.layout import Published
from analysis.storage.files import Files

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day(time: int) -> str:
    """The UTC date of a time in microseconds since 1970."""
    return (_EPOCH + timedelta(microseconds=time)).date().isoformat()


def on_days(files: Files, root: str, dataset: str, days: Iterable[str], *, query: str, batch: int) -> list[str]:
    """The paths of files of those days that the query had written before the batch, compacted or not.

    The batch in work, if it is repeated, and all later ones are left out, and so are the files of other queries, which
    hold the same records again.
    """
    found = []
    for wanted in sorted(set(days)):
        at = f"{root}/{layout.folder(dataset, wanted)}"
        for name in files.names(at):
            source = layout.written(name)
            if source is not None and source.query == query and source.batch < batch:
                found.append(f"{at}/{name}")
    return found


def at_times(
    files: Files,
    root: str,
    recent: Sequence[Published],
    times: Iterable[int],
    *,
    query: str,
    batch: int,
) -> list[str]:
    """The paths of files of `layout.READINGS` that may hold rows of those source times, by `on_days` and an index.

    Args:
        files: the file system of the root.
        root: the historian's folder.
        recent: files of this query before this batch: of each day that is named in it, all. Other days are listed.
        times: source times in microseconds since 1970.
        query: as `layout.short` gives it.
        batch: the batch in work.
    """
    wanted: dict[str, list[int]] = {}
    for time in times:
        wanted.setdefault(day(time), []).append(time)
    readings = [file for file in recent if file.dataset == layout.READINGS]
    indexed = {file.date for file in readings}
    found = on_days(files, root, layout.READINGS, wanted.keys() - indexed, query=query, batch=batch)
    for file in readings:
        covered = (
            file.first is None or file.last is None or file.first <= time <= file.last
            for time in wanted.get(file.date, [])
        )
        if any(covered):
            found.append(f"{root}/{file.path}")
    return found
