"""Settings of the service: read once from the environment, frozen, unknown keys refused."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, Field, PositiveFloat, PositiveInt, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

ENV_PREFIX: Final = "SCADA_GENERATOR_"
LARGEST_FLEET: Final = 10_000
"""Sets that one process is measured with."""

Speed = Annotated[float, Field(gt=0, le=100_000)] | Literal["unpaced"]
"""Simulated seconds per second, or as fast as the fastest client reads."""


class StartupError(Exception):
    """The service cannot start; the message is one line that says why and what to do."""


def _in_utc(start: AwareDatetime) -> AwareDatetime:
    if start.utcoffset() != timedelta(0) or not 2000 <= start.year < 2090:
        raise ValueError("must be in UTC and between 2000 and 2090, such as 2026-01-01T00:00:00Z")
    return start


class _StrictEnvironment(EnvSettingsSource):
    """The environment, unknown variables of our prefix included, so that they are refused like any unknown key."""

    def __call__(self) -> dict[str, Any]:
        known = {f"{self.env_prefix}{name}".lower() for name in self.settings_cls.model_fields}
        unknown = {
            name: value
            for name, value in self.env_vars.items()
            if name.startswith(self.env_prefix.lower()) and name not in known
        }
        return {**unknown, **super().__call__()}


class Settings(BaseSettings):
    """What the service is started with, each setting from the variable ``SCADA_GENERATOR_<NAME>``.

    The first six make the stream what it is. With a state directory they are decided when it is created: later they
    may be left out, and must not differ.
    """

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid", env_parse_none_str="")

    stream_id: str | None = Field(None, min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of the run; made up when it is not given."""
    seed: int = Field(1, ge=0, lt=2**63)
    """What all chance in the plant is drawn from."""
    start: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None
    """Simulated time at which the plant starts; the present when it is not given."""
    generators: int = Field(10, ge=1, le=LARGEST_FLEET)
    """Generator sets, in sites of at most ten."""
    scan_interval_s: float = Field(1.0, ge=0.1, le=60)
    """Simulated seconds between scans at the start; a parameter that can be changed while the plant runs."""

    damage: float = Field(0.0, ge=0, le=1)
    """Share of the lines that are damaged on the wire, by the seed like everything else: to test those who read."""

    state_dir: Path | None = None
    """Where the run is kept, so that a restart continues it; without it the run ends with the process."""
    replay: Path | None = None
    """A recording (``GET /generator/recording``) that a new run repeats: the same stream with the same control log."""
    speed: Speed = 1.0
    """Pace at the start, which is no part of the stream's bytes: 1 is live."""

    max_streams: PositiveInt = 256
    """Streams served at once; further clients are told to come back."""
    max_limit: PositiveInt = 100_000_000
    """Largest number of lines that one request may ask for."""
    max_body_bytes: PositiveInt = 65_536
    """Largest request body."""
    buffer_bytes: int = Field(64 * 2**20, ge=2**20)
    """Encoded lines kept for all clients; one that falls further behind is served by simulating its part anew."""
    heartbeat_s: float = Field(5.0, gt=0, le=5)
    """Seconds of silence after which a stream carries a heartbeat."""
    send_timeout_s: PositiveFloat = 30.0
    """Seconds that a client may take to accept a chunk before it is cut off."""
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    """Host names under which the control endpoints answer, against DNS rebinding."""
    control_token: SecretStr | None = Field(None, min_length=16)
    """Bearer token that the control endpoints ask for when it is set."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the signature is pydantic-settings'
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before the environment, and nothing else."""
        return init_settings, _StrictEnvironment(settings_cls)


def read_settings() -> Settings:
    """The settings that the environment gives.

    Raises:
        StartupError: naming each variable that is unknown or wrong, with the rule and the value it has.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise StartupError("; ".join(_explain(dict(problem)) for problem in error.errors())) from None
    except SettingsError as error:
        raise StartupError(f"{ENV_PREFIX}*: {error}; lists are JSON") from None


def _explain(problem: dict[str, Any]) -> str:
    name = str(problem["loc"][0]).upper()
    variable = name if name.startswith(ENV_PREFIX) else ENV_PREFIX + name
    if problem["type"] == "extra_forbidden":
        return f"{variable} is not a setting of the generator"
    value = "a secret" if variable.endswith("TOKEN") else repr(problem["input"])
    return f"{variable}: {problem['msg']}, got {value}"
