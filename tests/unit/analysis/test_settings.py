import pytest

from analysis.settings import parse


def test_defaults_fit_the_local_pipeline() -> None:
    given = parse([], on_terminal=True)
    assert given.kafka == {"kafka.bootstrap.servers": "127.0.0.1:9092"}
    assert (given.checkpoint_dir, given.historian_dir) == (".scada/checkpoints", ".scada/checkpoints/historian")
    assert given.metrics_port is None


def test_the_historian_goes_with_its_checkpoints_unless_told_otherwise() -> None:
    """A driver that is started again in another directory must find the files that its snapshots name."""
    assert parse(["--checkpoint-dir", "/c"], on_terminal=False).historian_dir == "/c/historian"
    assert parse(["--checkpoint-dir", "/c", "--historian-dir", "/h"], on_terminal=False).historian_dir == "/h"


@pytest.mark.parametrize("on_terminal", [True, False])
def test_a_terminal_gets_the_table_unless_told_otherwise(on_terminal: bool) -> None:
    assert parse([], on_terminal=on_terminal).table is on_terminal
    assert parse(["--console", "table"], on_terminal=on_terminal).table is True
    assert parse(["--console", "events"], on_terminal=on_terminal).table is False


def test_kafka_options_go_to_source_and_sinks() -> None:
    options = ["--kafka-option", "security.protocol=SSL", "--kafka-option", "sasl.jaas.config=a b=c;"]
    given = parse(["--bootstrap-servers", "a:1,b:2", *options], on_terminal=False)
    assert given.kafka == {
        "kafka.bootstrap.servers": "a:1,b:2",
        "kafka.security.protocol": "SSL",
        "kafka.sasl.jaas.config": "a b=c;",
    }


def test_secrets_are_not_shown() -> None:
    assert "hunter2" not in repr(parse(["--kafka-option", "ssl.key.password=hunter2"], on_terminal=False))


@pytest.mark.parametrize(
    "wrong",
    [
        ["--kafka-option", "=x"],
        ["--kafka-option", "x"],
        ["--console", "none"],
        ["more"],
        ["--metrics-port", "0"],
        ["--metrics-port", "65536"],
        ["--metrics-port", "-1"],
        ["--metrics-port", "x"],
    ],
)
def test_wrong_arguments_end_with_code_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(wrong, on_terminal=False)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err
