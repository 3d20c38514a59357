"""Which partition of a topic the readings of a site go to."""

import zlib


def partition_of(site: str, partitions: int) -> int:
    """Number of the site's partition: the CRC-32 of its name (that of ISO-HDLC, as in zlib) modulo the partitions.

    This is what librdkafka's partitioner ``consistent`` does with a key. It is the same in every process and on every
    machine, so a site keeps its partition for as long as the topic keeps its number of partitions.

    Args:
        site: name of the site.
        partitions: how many partitions the topic has; at least 1.
    """
    return zlib.crc32(site.encode()) % partitions
