"""Settings: from the environment, strictly."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from generator.settings import Settings, StartupError, read_settings


def test_the_defaults_are_a_live_site_of_ten() -> None:
    settings = Settings()
    assert (settings.generators, settings.speed, settings.scan_interval_s) == (10, 1.0, 1.0)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCADA_GENERATOR_GENERATORS", "20")
    monkeypatch.setenv("SCADA_GENERATOR_SPEED", "unpaced")
    monkeypatch.setenv("SCADA_GENERATOR_START", "2026-01-01T00:00:00Z")
    monkeypatch.setenv("SCADA_GENERATOR_STATE_DIR", "somewhere")
    monkeypatch.setenv("SCADA_GENERATOR_ALLOWED_HOSTS", '["generator"]')
    settings = read_settings()
    assert settings.generators == 20
    assert settings.speed == "unpaced"
    assert settings.start == datetime(2026, 1, 1, tzinfo=UTC)
    assert settings.state_dir == Path("somewhere")
    assert settings.allowed_hosts == ("generator",)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SPEEED", "2", "SCADA_GENERATOR_SPEEED is not a setting of the generator"),
        ("GENERATORS", "0", "SCADA_GENERATOR_GENERATORS: .*greater than or equal to 1, got '0'"),
        ("SPEED", "-1", "SCADA_GENERATOR_SPEED: .*greater than 0"),
        ("SPEED", "nan", "SCADA_GENERATOR_SPEED: "),
        ("START", "2026-01-01T00:00:00+01:00", "SCADA_GENERATOR_START: .*must be in UTC"),
        ("START", "1999-01-01T00:00:00Z", "SCADA_GENERATOR_START: .*between 2000 and 2090"),
        ("STREAM_ID", "-", "SCADA_GENERATOR_STREAM_ID: "),
        ("STREAM_ID", "with space", "SCADA_GENERATOR_STREAM_ID: "),
        ("ALLOWED_HOSTS", "a,b", "lists are JSON"),
        ("HEARTBEAT_S", "6", "SCADA_GENERATOR_HEARTBEAT_S: "),
    ],
)
def test_what_is_wrong_in_the_environment_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(f"SCADA_GENERATOR_{name}", value)
    with pytest.raises(StartupError, match=message) as refusal:
        read_settings()
    assert "\n" not in str(refusal.value)


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCADA_GENERATOR_CONTROL_TOKEN", "too short")
    with pytest.raises(StartupError) as refusal:
        read_settings()
    assert "too short" not in str(refusal.value)
    assert "correct horse battery" not in repr(Settings.model_validate({"control_token": "correct horse battery"}))


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().generators = 3  # type: ignore[misc]  # what is tested
