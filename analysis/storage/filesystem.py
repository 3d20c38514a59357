"""The file system of a path, through Hadoop's API in the driver's JVM: local, HDFS, or an object store.

What it guarantees depends on the scheme:

=====================  =========================================  ====================================================
scheme                 rename                                     sync
=====================  =========================================  ====================================================
``file``               rename(2): atomic, replaces                fsync of the file and of its folder
``hdfs``, ``viewfs``   atomic, replaces (``Rename.OVERWRITE``)    hsync of what the driver writes; what an executor has
                                                                  written is on its datanodes when it is closed, on
                                                                  their disks with ``dfs.datanode.synconclose``; names
                                                                  are in the namenode's journal
``abfs``, ``abfss``    atomic with a hierarchical namespace       an object is durable when its writing ends
``s3a``, ``gs``, …     copy and delete: the target is whole or    likewise
                       not there, but a folder is moved file by
                       file
=====================  =========================================  ====================================================

NFS and other network mounts under ``file`` promise what their server does.
"""

from typing import Any, Final

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from analysis.storage.files import Files
from analysis.storage.local import LocalFiles

_LOCAL: Final = "file"
_MOVES_FOLDERS: Final = frozenset({"hdfs"})
"""Schemes that always move a folder in one step. Others (``viewfs``, ``abfs``) do so on some stores
only, and a folder that is half moved would be lost."""


def of(spark: SparkSession, path: str) -> Files:
    """The file system that a path is on, as Spark would find it."""
    found = HadoopFiles(spark, path)
    return LocalFiles() if found.scheme == _LOCAL else found


class HadoopFiles:
    """The file system that a path is on: `analysis.storage.files.Files` by Hadoop's API.

    Args:
        spark: the session whose driver has the API.
        path: a path of the file system, with its scheme unless it is the default one.
    """

    def __init__(self, spark: SparkSession, path: str) -> None:
        jvm: Any = spark.sparkContext._jvm
        self._jvm = jvm
        self._new_array: Any = spark.sparkContext._gateway.new_array  # type: ignore[union-attr]  # None on workers only
        conf: Any = spark._jsparkSession.sessionState().newHadoopConf()
        root = self._path(path)
        found = root.getFileSystem(conf)
        self.scheme: str = found.getScheme()
        self._hadoop: Any = found
        self._context: Any = jvm.org.apache.hadoop.fs.FileContext.getFileContext(
            found.makeQualified(root).toUri(), conf
        )

    @property
    def moves_folders(self) -> bool:
        """Whether a folder is moved in one step."""
        return self.scheme in _MOVES_FOLDERS

    def read(self, path: str) -> bytes:
        """The content of a file; see `analysis.storage.files.Files` for this and the others."""
        try:
            stream = self._hadoop.open(self._path(path))
        except Py4JJavaError as error:
            if self._is(error, "java.io.FileNotFoundException"):
                raise FileNotFoundError(path) from error
            raise
        try:
            return bytes(stream.readAllBytes())
        finally:
            stream.close()

    def write(self, path: str, content: bytes) -> None:
        """Writes, and syncs where the file system can (``hsync``)."""
        stream = self._hadoop.create(self._path(path), True)  # replacing what is there
        try:
            stream.write(content)
            if stream.hasCapability("hsync"):
                stream.hsync()
        finally:
            stream.close()

    def sync(self, path: str) -> None:
        """Nothing: closing a file has done what can be done (see the module), and names are durable at once."""

    def rename(self, source: str, target: str) -> None:
        """Moves a file over what is there, or a folder to where none is."""
        options: Any = self._jvm.org.apache.hadoop.fs.Options
        rename = options.Rename
        over = self._new_array(rename, 1)
        over[0] = rename.OVERWRITE
        self._context.rename(self._path(source), self._path(target), over)

    def names(self, folder: str) -> list[str]:
        """The names in a folder, sorted."""
        try:
            found = self._hadoop.listStatus(self._path(folder))
        except Py4JJavaError as error:
            if self._is(error, "java.io.FileNotFoundException"):
                return []
            raise
        return sorted(status.getPath().getName() for status in found)

    def delete(self, path: str) -> None:
        """Removes a file, or a folder with all that is in it."""
        self._hadoop.delete(self._path(path), True)  # with all that is in it

    def mkdirs(self, folder: str) -> None:
        """Makes a folder and those above it."""
        self._hadoop.mkdirs(self._path(folder))

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path."""
        return bool(self._hadoop.exists(self._path(path)))

    def _path(self, path: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(path)

    @staticmethod
    def _is(error: Py4JJavaError, name: str) -> bool:
        found: str = error.java_exception.getClass().getName()
        return found == name
