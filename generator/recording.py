"""All that a stream is a function of: what it was begun with and every change since. Recorded, it can be repeated."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from generator.control_log import Entry, parse
from generator.settings import ENV_PREFIX, Settings, StartupError


@dataclass(frozen=True)
class Identity:
    """What makes the stream what it is, apart from the control log.

    Attributes:
        stream_id: name of the run.
        seed: what all chance is drawn from.
        start: simulated time before the first scan, RFC 3339.
        generators: number of sets.
        scan_interval_s: simulated seconds between scans at the start.
        damage: share of the lines that are damaged on the wire.
    """

    stream_id: str
    seed: int
    start: str
    generators: int
    scan_interval_s: float
    damage: float


def decide(settings: Settings, now: datetime) -> Identity:
    """The identity of a new run: what the settings say, and what they leave open made up from the present."""
    start = settings.start or now.replace(microsecond=0)
    return Identity(
        stream_id=settings.stream_id or f"run-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        seed=settings.seed,
        start=start.isoformat().replace("+00:00", "Z"),
        generators=settings.generators,
        scan_interval_s=settings.scan_interval_s,
        damage=settings.damage,
    )


def recall(stored: object, settings: Settings, source: Path) -> Identity:
    """The identity of a stored run.

    Args:
        stored: what is stored, as JSON.
        settings: what has been asked for.
        source: where it is stored, for the messages.

    Raises:
        StartupError: it is not one, or the settings ask for another.
    """
    try:
        identity = Identity(**stored)  # type: ignore[arg-type]  # the except clause says what happens to anything else
    except TypeError:
        raise StartupError(f"{source} holds no stream of this version of the generator") from None
    asked = asdict(decide(settings, datetime.now(UTC)))
    for name, value in asdict(identity).items():
        if name in settings.model_fields_set and asked[name] != value:
            raise StartupError(
                f"{source} holds a stream with {name} {value!r}, not {asked[name]!r}: "
                f"leave {ENV_PREFIX}{name.upper()} out, or use another"
            )
    return identity


@dataclass(frozen=True)
class Recording:
    """All that a stream is a function of.

    Attributes:
        stream: what makes it what it is from its beginning.
        control_log: every change of the controls.
    """

    stream: Identity
    control_log: tuple[Entry, ...]


def read_recording(path: Path, settings: Settings) -> Recording:
    """A recording from its file.

    Raises:
        StartupError: it is none, or the settings ask for another stream.
    """
    try:
        content = json.loads(path.read_bytes())
        entries = tuple(parse(json.dumps(entry).encode()) for entry in content["control_log"])
        return Recording(recall(content["stream"], settings, path), entries)
    except OSError as error:
        raise StartupError(f"recording {path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise StartupError(f"{path} is no recording of a stream: {error}") from None
