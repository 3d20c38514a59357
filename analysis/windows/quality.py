"""What a valid reading's quality says about one of its measurements (OPC UA Part 8: StatusCodes)."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def is_good(measurement: str) -> Column:
    """Whether a valid reading's measurement has a value that nothing is said against."""
    return F.col(measurement).isNotNull() & ~F.map_contains_key("quality", measurement)
