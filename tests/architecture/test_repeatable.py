"""The test command gives the same result twice: nothing is drawn at random but in the environments that explore."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def _draws() -> list[int]:
    drawn: list[int] = []

    @settings(max_examples=20)
    @given(st.integers())
    def draw(number: int) -> None:
        drawn.append(number)

    draw()
    return drawn


def test_hypothesis_draws_the_same_examples_on_every_run(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--hypothesis-profile"):
        pytest.skip("a profile named on the command line explores")
    assert _draws() == _draws()
