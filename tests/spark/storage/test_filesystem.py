from pathlib import Path

from pyspark.sql import SparkSession

from analysis.storage import filesystem
from analysis.storage.filesystem import HadoopFiles
from analysis.storage.local import LocalFiles


def test_a_path_without_a_scheme_is_local(spark: SparkSession, tmp_path: Path) -> None:
    assert isinstance(filesystem.of(spark, str(tmp_path)), LocalFiles)
    assert isinstance(filesystem.of(spark, f"file:{tmp_path}"), LocalFiles)


def test_what_the_driver_writes_is_synced_before_it_is_closed(spark: SparkSession, tmp_path: Path) -> None:
    files = HadoopFiles(spark, str(tmp_path))
    # Of Hadoop's file systems that need no server, the one that can sync.
    files._hadoop = files._hadoop.getRawFileSystem()
    stream = files._hadoop.create(files._path(f"{tmp_path}/file"))
    assert stream.hasCapability("hsync")
    stream.close()


def test_elsewhere_a_rename_replaces_by_the_file_context(spark: SparkSession, tmp_path: Path) -> None:
    # A view of Hadoop's over the local folder stands for every file system that is not the local one.
    conf = {"spark.hadoop.fs.viewfs.mounttable.plant.link./data": f"file://{tmp_path}"}
    with_view = spark.newSession()
    for name, value in conf.items():
        with_view.conf.set(name.removeprefix("spark.hadoop."), value)
    files = HadoopFiles(with_view, "viewfs://plant/data")
    files.write("viewfs://plant/data/old", b"old")
    files.write("viewfs://plant/data/new", b"new")
    files.rename("viewfs://plant/data/new", "viewfs://plant/data/old")
    files.sync("viewfs://plant/data/old")
    assert files.read("viewfs://plant/data/old") == b"new"
    assert files.names("viewfs://plant/data") == ["old"]
