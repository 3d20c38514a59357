"""A plain reader of the historian, of files on a disk in memory whose rows are words."""

import re
from collections import Counter

from tests.unit.analysis.storage.disk import Disk


def seen(disk: Disk) -> Counter[bytes]:
    """What a plain reader's glob sees."""
    pattern = re.compile(r"/h/(readings|outcomes|minutes)/date=[^/]+/[^/]*\.parquet")
    return Counter(row for path, inode in disk.live.items() if pattern.fullmatch(path) for row in inode.content.split())
