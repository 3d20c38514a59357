"""Where the checkpoint of a query lies: a place for each version of the contract and of the state."""

import json
from importlib import resources
from typing import Final

from analysis.storage.files import Files
from contracts import framing

STATE: Final = 1
"""Version of what the snapshots hold: it grows when the state of one version means nothing to the other."""

_CONTRACT: Final = resources.files("contracts").joinpath("schemas", "generator_reading.v1.avsc")
_FINGERPRINT: Final = f"{framing.fingerprint(json.loads(_CONTRACT.read_text(encoding='utf-8'))):016x}"


def home(checkpoint_dir: str, query: str) -> str:
    """The folder of a query's checkpoint and snapshots: ``<query>-<fingerprint of contract>-<version of state>``."""
    return f"{checkpoint_dir}/{_prefix(query)}{_FINGERPRINT}-{STATE}"


def superseded(files: Files, checkpoint_dir: str, query: str) -> str | None:
    """What to tell the operator when a query has checkpoints, but of other versions only; None otherwise."""
    own = home(checkpoint_dir, query).removeprefix(f"{checkpoint_dir}/")
    found = [name for name in files.names(checkpoint_dir) if name.startswith(_prefix(query))]
    if not found or own in found:
        return None
    return (
        f"the checkpoints of query {query} in {checkpoint_dir} ({', '.join(found)}) are of another version of the "
        f"reading's contract or of the query's state than {own}; it begins anew at the oldest record; to go on where "
        "one of them stopped, run the version of the analysis that has written it"
    )


def _prefix(query: str) -> str:
    return f"{query}-"
