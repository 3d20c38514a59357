"""Find the files that hold rows of a day, written before a batch."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from analysis.historian import layout
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
