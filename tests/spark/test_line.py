"""The matrix runs the line of Spark that it names."""

import os

import pyspark
import pytest
from pyspark.sql import SparkSession

EXPECTED = os.environ.get("SCADA_EXPECTED_SPARK")


@pytest.mark.skipif(EXPECTED is None, reason="only an environment of tox names a line of Spark")
def test_python_and_java_are_of_the_line_that_the_environment_names(spark: SparkSession) -> None:
    assert [version.rsplit(".", 1)[0] for version in (pyspark.__version__, spark.version)] == [EXPECTED, EXPECTED]
