import json
from importlib import resources

import fastavro.schema
import pytest

from analysis.storage import versions
from tests.unit.analysis.storage.disk import Disk


def test_the_path_carries_the_contracts_fingerprint_and_the_states_version() -> None:
    """fastavro is the oracle of the fingerprint; it gives it little-endian."""
    avsc = json.loads(resources.files("contracts").joinpath("schemas", "generator_reading.v1.avsc").read_text())
    canonical = fastavro.schema.to_parsing_canonical_form(avsc)
    fingerprint = bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))[::-1].hex()
    assert versions.home("hdfs://head/checkpoints", "monitor") == f"hdfs://head/checkpoints/monitor-{fingerprint}-1"


def test_a_first_start_and_a_restart_say_nothing() -> None:
    disk = Disk()
    disk.write("/c/monitor-x/snapshots/1.json.gz", b"")
    assert versions.superseded(disk, "/c", "historian") is None
    disk.write(f"{versions.home('/c', 'historian')}/offsets/0", b"")
    disk.write("/c/historian-0000000000000000-1/offsets/0", b"")
    assert versions.superseded(disk, "/c", "historian") is None


@pytest.mark.parametrize("other", ["historian-0000000000000000-1", versions.home("", "historian")[1:-1] + "0"])
def test_a_checkpoint_of_another_version_is_said_with_what_happens_and_what_to_do(other: str) -> None:
    disk = Disk()
    disk.write(f"/c/{other}/offsets/0", b"")
    said = versions.superseded(disk, "/c", "historian")
    assert said is not None
    assert f"({other})" in said
    assert "begins anew at the oldest record; to go on" in said
