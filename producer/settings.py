"""Settings of the bridge, from flags and environment."""

import os
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "SCADA_PRODUCER_"


class Settings(BaseSettings):
    """Follow a stream over HTTP, judge each line, write it to Kafka, lose nothing.

    Every flag can be given in the environment too: --max-lines as SCADA_PRODUCER_MAX_LINES. A flag wins. Secrets belong
    in the environment: the flags of a process are visible to others on the machine.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        cli_prog_name="python -m producer",
        cli_kebab_case=True,
        cli_hide_none_type=True,
    )

    source: str = Field(
        "http://127.0.0.1:8000/generator/stream", pattern=r"^https?://[^?#@]+$", description="URL of the stream"
    )
    bootstrap_servers: str = Field("127.0.0.1:9092", min_length=1, description="host:port of Kafka brokers, by comma")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how to talk to Kafka"
    )
    ssl_cafile: str | None = Field(None, description="file of the certificates to trust; the system's if not given")
    ssl_certfile: str | None = Field(None, description="file of the client's certificate")
    ssl_keyfile: str | None = Field(None, description="file of its private key")
    ssl_password: SecretStr | None = Field(None, description="password of the private key")
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="how to authenticate"
    )
    sasl_username: str | None = Field(None, description="user name for SASL")
    sasl_password: SecretStr | None = Field(None, description="password for SASL")
    max_lines: int = Field(10_000, ge=1, le=1_000_000, description="lines in flight, not yet acknowledged, at most")
    max_bytes: int = Field(16 << 20, ge=1, le=1 << 30, description="bytes of lines in flight at most")
    delivery_timeout_s: float = Field(
        30.0, ge=1, le=600, description="seconds without an acknowledgement after which the connection is made anew"
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_variables(cls, values: dict[str, Any]) -> dict[str, Any]:
        known = {ENV_PREFIX + name.upper() for name in cls.model_fields}
        unknown = sorted(
            name for name in os.environ if name.upper().startswith(ENV_PREFIX) and name.upper() not in known
        )
        if unknown:
            raise ValueError(f"there is no setting {', '.join(unknown)}")
        return values

    @model_validator(mode="after")
    def _check_security(self) -> Self:
        if self.security_protocol.startswith("SASL"):
            for name in ("sasl_mechanism", "sasl_username", "sasl_password"):
                if getattr(self, name) is None:
                    raise ValueError(f"{name} must be given when security_protocol is {self.security_protocol}")
        return self

    def kafka(self) -> dict[str, Any]:
        """How to reach Kafka, in the words of kafka-python's clients; holds the secrets in clear."""
        return {
            "bootstrap_servers": self.bootstrap_servers.split(","),
            "security_protocol": self.security_protocol,
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
            "ssl_password": _clear(self.ssl_password),
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": _clear(self.sasl_password),
        }


def _clear(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
