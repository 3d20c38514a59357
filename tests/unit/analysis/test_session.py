import pytest
from pyspark import SparkConf

from analysis.session import configured


def conf(**settings: str) -> SparkConf:
    given = SparkConf(loadDefaults=False)
    for name, value in settings.items():
        given.set(name.replace("_", "."), value)
    return given


def test_a_local_session_listens_on_loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPARK_LOCAL_IP", raising=False)
    found = configured(conf())
    assert found.get("spark.master") == "local[*]"
    assert found.get("spark.driver.bindAddress") == "127.0.0.1"
    assert found.get("spark.driver.host") == "127.0.0.1"
    assert found.get("spark.ui.enabled") == "false"


def test_the_interface_for_people_is_on_where_its_address_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    assert configured(conf()).get("spark.ui.enabled") == "true"


def test_what_spark_submit_was_told_holds() -> None:
    found = configured(conf(spark_master="spark://head:7077", spark_sql_shuffle_partitions="64"))
    assert found.get("spark.master") == "spark://head:7077"
    assert found.get("spark.sql.shuffle.partitions") == "64"
    assert found.get("spark.driver.host") is None


def test_executors_do_not_make_room_on_a_records_word() -> None:
    options = configured(conf()).get("spark.executor.defaultJavaOptions")
    assert options is not None
    assert "-Dorg.apache.avro.limits.string.maxLength=65536" in options
    assert "-Dorg.apache.avro.limits.collectionItems.maxLength=65536" in options
