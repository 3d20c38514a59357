"""Names in the historian's folder: ``<dataset>/date=YYYY-MM-DD/<query>-<batch>-<hash>.parquet``.

A file's name says who wrote it and when. The query is that of the checkpoint, so a query that begins anew without its
checkpoint overwrites nothing; the batch and its first offsets are the same whenever Spark repeats it, so it overwrites
exactly its own files. What is not for readers lies beside the datasets, in folders that begin with an underscore.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from analysis.storage.files import Files

READINGS: Final = "readings"
OUTCOMES: Final = "outcomes"
MINUTES: Final = "minutes"
DATASETS: Final = (READINGS, OUTCOMES, MINUTES)

STAGING: Final = "_staging"
COMPACTION: Final = "_compaction"

_SUFFIX: Final = ".parquet"
_NAME: Final = re.compile(r"([0-9a-f]{8})-(\d{10})-[0-9a-f]{8}\.parquet")
_DATE: Final = re.compile(r"date=(\d{4}-\d{2}-\d{2})")


class Written(NamedTuple):
    """What a file's name says: the query that wrote it, and the newest batch whose rows it holds."""

    query: str
    batch: int


def short(query_id: str) -> str:
    """The query as names carry it: the first eight digits of its UUID."""
    return query_id[:8]


def name(query: str, batch: int, basis: object, part: int) -> str:
    """The name of a file.

    Args:
        query: as `short` gives it.
        batch: the batch that writes it, or for a compacted file the newest in it.
        basis: JSON value that is the same whenever this file is written again, such as the batch's first offsets.
        part: number of the file among those of the same batch, dataset and date, from 0.
    """
    digest = hashlib.sha256(json.dumps([basis, part]).encode()).hexdigest()
    return f"{query}-{batch:010d}-{digest[:8]}{_SUFFIX}"


def offsets_basis(offsets: Mapping[tuple[str, int], int]) -> list[list[str | int]]:
    """The first offsets of a batch, by topic and partition, as the basis of a name."""
    return [[topic, partition, offset] for (topic, partition), offset in sorted(offsets.items())]


def written(file_name: str) -> Written | None:
    """What a name says; None if it is not one of the historian's."""
    match = _NAME.fullmatch(file_name)
    return Written(match[1], int(match[2])) if match else None


def is_parquet(file_name: str) -> bool:
    """Whether a plain reader would take the file."""
    return file_name.endswith(_SUFFIX)


def folder(dataset: str, date: str) -> str:
    """The folder of a dataset's date, below the historian's."""
    return f"{dataset}/date={date}"


def dates(files: Files, dataset_folder: str) -> list[str]:
    """The dates that a dataset has, in order."""
    found = (_DATE.fullmatch(entry) for entry in files.names(dataset_folder))
    return [match[1] for match in found if match]
