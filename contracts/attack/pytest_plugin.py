"""For pytest: the count of what each judge has seen, printed at the end, and the profile of the nightly run.

Test modules that judge name it in ``pytest_plugins``. The profile has to be known before the tests are collected:
``pytest -p contracts.attack.pytest_plugin --hypothesis-profile=nightly-contract``.
"""

from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from contracts.attack import judges

_SEEN: Final[judges.Seen] = judges.Seen()

settings.register_profile(
    "nightly-contract", max_examples=100_000, deadline=None, database=None, suppress_health_check=[*HealthCheck]
)


@pytest.fixture(scope="session")
def seen() -> judges.Seen:
    """The count of the whole run."""
    return _SEEN


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many inputs each judge saw, per class."""
    if _SEEN:
        terminalreporter.section("inputs that each judge has seen")
        for line in judges.report(_SEEN):
            terminalreporter.write_line(line)
