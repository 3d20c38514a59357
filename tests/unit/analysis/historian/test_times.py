import json

from hypothesis import given
from hypothesis import strategies as st

from analysis.historian.times import Closing, Times

HOLD = 600
S = 1_000_000


def take(times: Times, *seconds: float, stream: str = "run", generator: str = "G1") -> list[tuple[float, ...]]:
    found = times.take([(stream, generator, round(second * S)) for second in seconds])
    assert all((closing.stream_id, closing.generator_id) == (stream, generator) for closing in found)
    return [tuple(time / S for time in closing[2:]) for closing in found]


def times() -> Times:
    return Times(HOLD * S)


def test_a_window_is_closed_by_the_first_reading_after_it() -> None:
    reached = times()
    assert take(reached, 0, 30, 59) == []
    assert take(reached, 60) == [(0, 0, 60, 0)]
    assert take(reached, 90) == []
    assert take(reached, 119, 121) == [(59, 60, 120, 60)]


def test_several_windows_close_at_once() -> None:
    assert take(times(), 10, 70, 200) == [(0, 0, 180, 0)]


def test_a_silence_closes_the_windows_that_it_lasted() -> None:
    reached = times()
    take(reached, 10, 50)
    assert take(reached, 3601) == [(0, 0, 3600, 0)]
    assert take(reached, 3660) == [(50, 3600, 3660, 3600)]


def test_an_older_reading_restates_the_windows_from_its_own_on() -> None:
    reached = times()
    take(reached, *range(0, 200, 10))
    assert take(reached, 65) == [(60 - HOLD, 60, 180, 180)]
    assert take(reached, 185, 182) == [(180 - HOLD, 180, 180, 180)][1:]
    assert take(reached, 130, 245) == [(120 - HOLD, 120, 240, 180)]


def test_an_older_reading_in_the_open_window_is_in_it_when_it_closes() -> None:
    reached = times()
    take(reached, 0, 30)
    assert take(reached, 10) == []
    assert take(reached, 61) == [(0, 0, 60, 0)]


def test_no_stream_and_no_generator_closes_the_windows_of_another() -> None:
    reached = times()
    take(reached, 30)
    assert take(reached, 3600, stream="another") == []
    assert take(reached, 3600, generator="G2") == []
    assert take(reached, 60) == [(0, 0, 60, 0)]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60), st.integers(0, 60))
def test_every_closed_window_is_computed_with_all_its_readings_wherever_batches_are_cut(
    seconds: list[int], cut: int
) -> None:
    """After each batch, each window before the newest one was last computed when its newest row was there."""
    reached, computed, seen = times(), {}, []
    for batch in (seconds[:cut], seconds[cut:]):
        seen += batch
        for closing in reached.take([("run", "G1", second * S) for second in batch]):
            assert isinstance(closing, Closing)
            bounds = [time for time in seen if time * S < closing.start and closing.start - time * S <= HOLD * S]
            assert not bounds or closing.since <= max(bounds) * S
            for window in range(closing.start // S, closing.end // S, 60):
                computed[window] = sorted(time for time in seen if window <= time < window + 60)
        reached = Times.load(HOLD * S, json.loads(json.dumps(reached.dump())))
    closed = {time - time % 60 for time in seen if time - time % 60 < max(seen) - max(seen) % 60}
    for window in closed:
        assert computed[window] == sorted(time for time in seen if window <= time < window + 60)
