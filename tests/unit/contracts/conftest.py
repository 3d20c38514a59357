import json
from typing import Any

import pytest

from contracts.attack import corpus


@pytest.fixture
def record() -> dict[str, Any]:
    """A valid record as JSON: a running set, everything Good."""
    document = json.loads(corpus.base())
    assert isinstance(document, dict)
    return document
