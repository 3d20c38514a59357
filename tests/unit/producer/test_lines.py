import hashlib
import itertools
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from producer.lines import Line, LineDecoder

LINES = st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")))


def decode(chunks: list[bytes], after: int = 0, limit: int = 1000) -> list[Line]:
    decoder = LineDecoder(after, limit)
    return [line for chunk in chunks for line in decoder.feed(chunk)]


def cut_at(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(LINES, st.lists(st.integers(min_value=0)), st.integers(1, 50))
def test_any_chunking_gives_the_same_lines(lines: list[bytes], places: list[int], limit: int) -> None:
    data = b"".join(line + b"\n" for line in lines)
    assert decode(cut_at(data, places), limit=limit) == decode([data], limit=limit)


@given(LINES, st.lists(st.integers(min_value=0)))
def test_lines_come_out_as_they_went_in_numbered_without_heartbeats(lines: list[bytes], places: list[int]) -> None:
    data = b"".join(line + b"\n" for line in lines)
    given_lines = [line for line in lines if line]
    assert decode(cut_at(data, places), after=41) == [
        Line(number, content) for number, content in enumerate(given_lines, start=42)
    ]


def test_a_line_without_its_line_break_is_no_line() -> None:
    assert decode([b"one\ntw", b"o"]) == [Line(1, b"one")]


def test_only_the_line_feed_ends_a_line() -> None:
    content = "a\rb\x0bc\x85d\u2028e".encode() + b"\xff"
    assert decode([content + b"\n"]) == [Line(1, content)]


@given(LINES, st.lists(st.integers(min_value=0)), st.integers(1, 50))
def test_a_long_line_is_cut_counted_and_its_digest_is_that_of_the_whole(
    lines: list[bytes], places: list[int], limit: int
) -> None:
    data = b"".join(line + b"\n" for line in lines)
    decoded = decode(cut_at(data, places), limit=limit)
    for line, original in zip(decoded, (line for line in lines if line), strict=True):
        assert line.content == original[:limit]
        assert (line.cut.length if line.cut else len(line.content)) == len(original)
        assert line.digest == hashlib.sha256(original).hexdigest()[:16]


def test_a_line_that_never_ends_does_not_fill_the_memory() -> None:
    decoder = LineDecoder(limit=1000)
    tracemalloc.start()
    for _ in range(1000):
        decoder.feed(b"x" * 10_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    (line,) = decoder.feed(b"\n")
    assert line.cut is not None
    assert line.cut.length == 10_000_000
    assert len(line.content) == 1000
    assert peak < 100_000
