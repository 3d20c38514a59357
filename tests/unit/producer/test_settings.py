import pytest
from pydantic import ValidationError

from producer.settings import Settings


def parse(*flags: str) -> Settings:
    return Settings(_cli_parse_args=list(flags))


def test_by_default_everything_is_on_this_machine() -> None:
    settings = parse()
    assert settings.source == "http://127.0.0.1:8000/generator/stream"
    assert settings.bootstrap_servers == "127.0.0.1:9092"
    assert settings.kafka()["security_protocol"] == "PLAINTEXT"


def test_flags_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCADA_PRODUCER_MAX_LINES", "7")
    monkeypatch.setenv("SCADA_PRODUCER_MAX_BYTES", "8")
    settings = parse("--max-lines", "9", "--bootstrap-servers", "a:1,b:2")
    assert (settings.max_lines, settings.max_bytes) == (9, 8)
    assert settings.kafka()["bootstrap_servers"] == ["a:1", "b:2"]


def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCADA_PRODUCER_MAX_LINE", "7")
    with pytest.raises(ValidationError, match="there is no setting SCADA_PRODUCER_MAX_LINE"):
        parse()


def test_an_unknown_flag_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse("--max-line", "7")
    assert "--max-line" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags",
    [
        ("--source", "127.0.0.1:8000"),
        ("--source", "http://user:secret@127.0.0.1/stream"),
        ("--max-lines", "0"),
        ("--delivery-timeout-s", "0"),
        ("--security-protocol", "TLS"),
        ("--security-protocol", "SASL_SSL", "--sasl-mechanism", "PLAIN", "--sasl-username", "u"),
    ],
)
def test_what_cannot_be_meant_is_refused(flags: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        parse(*flags)


def test_security_reaches_the_client_and_secrets_reach_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCADA_PRODUCER_SASL_PASSWORD", "tell-nobody")
    monkeypatch.setenv("SCADA_PRODUCER_SSL_PASSWORD", "tell-nobody")
    settings = parse(
        *("--security-protocol", "SASL_SSL", "--ssl-cafile", "ca.pem", "--ssl-certfile", "c.pem"),
        *("--ssl-keyfile", "k.pem", "--sasl-mechanism", "SCRAM-SHA-512", "--sasl-username", "bridge"),
    )
    assert settings.kafka() == {
        "bootstrap_servers": ["127.0.0.1:9092"],
        "security_protocol": "SASL_SSL",
        "ssl_cafile": "ca.pem",
        "ssl_certfile": "c.pem",
        "ssl_keyfile": "k.pem",
        "ssl_password": "tell-nobody",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "bridge",
        "sasl_plain_password": "tell-nobody",
    }
    assert "tell-nobody" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parse().max_lines = 5  # type: ignore[misc]  # what is tested
