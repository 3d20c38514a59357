from pathlib import Path

import pytest

from pipeline import broker
from pipeline.broker import Listeners
from pipeline.errors import PipelineError
from pipeline.java import Java


def _settings(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_the_broker_listens_on_loopback_only() -> None:
    settings = _settings(broker.properties(Listeners.on_loopback(9092, 9093), "/data"))
    assert settings["listeners"] == "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"
    assert settings["advertised.listeners"] == "PLAINTEXT://127.0.0.1:9092"
    assert settings["controller.quorum.voters"] == "1@127.0.0.1:9093"


def test_a_broker_behind_another_address_advertises_that() -> None:
    settings = _settings(broker.properties(Listeners("0.0.0.0:9092", "127.0.0.1:9093", "localhost:32768"), "/data"))
    assert settings["advertised.listeners"] == "PLAINTEXT://localhost:32768"


def test_one_node_replicates_nothing_and_creates_no_topic_by_accident() -> None:
    settings = _settings(broker.properties(Listeners.on_loopback(1, 2), "/data"))
    replicated = {name: value for name, value in settings.items() if name.endswith((".factor", ".isr"))}
    assert len(replicated) == 5
    assert set(replicated.values()) == {"1"}
    assert settings["auto.create.topics.enable"] == "false"


def test_a_cluster_id_is_sixteen_bytes_that_do_not_begin_with_a_dash() -> None:
    for _ in range(200):
        identifier = broker.new_cluster_id()
        assert len(identifier) == 22
        assert not identifier.startswith("-")


def test_storage_that_cannot_be_formatted_shows_what_the_tool_said(tmp_path: Path) -> None:
    executable = tmp_path / "bin" / "java"
    executable.parent.mkdir()
    executable.write_text("#!/bin/sh\necho 'no space left'\nexit 1\n")
    executable.chmod(0o755)
    with pytest.raises(PipelineError, match=r"cannot be formatted[\s\S]*no space left"):
        broker.prepare(
            tmp_path / "kafka", Listeners.on_loopback(1, 2), Java(tmp_path, 17), [], tmp_path / "logs" / "kafka.log"
        )
