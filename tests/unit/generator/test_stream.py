"""Numbered lines: blocks, digests and the bounded buffer."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.stream import BLOCK_BYTES, Block, Buffer, blocks, digest

LINE = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=8).map(str.encode)


def block(first: int, *lines: bytes) -> Block:
    return Block(first, len(lines), b"".join(line + b"\n" for line in lines))


def test_a_block_is_cut_to_the_lines_between_two_cursors() -> None:
    whole = block(5, b"five", b"six", b"seven")
    assert whole.between(5, 6) == block(6, b"six")
    assert whole.between(0, 5) == block(5, b"five")
    assert whole.between(4, 7) is whole


@given(st.lists(st.integers(1, BLOCK_BYTES * 3 // 2), max_size=6), st.integers(1, 10**12))
def test_cutting_into_blocks_keeps_every_byte_and_numbers_every_line(lengths: list[int], first: int) -> None:
    data = b"".join(b"x" * length + b"\n" for length in lengths)
    cut = blocks(first, data)
    assert b"".join(part.data for part in cut) == data
    assert [number for part in cut for number in range(part.first, part.last + 1)] == [
        *range(first, first + len(lengths))
    ]
    assert all(len(part.data) <= BLOCK_BYTES or part.count == 1 for part in cut)
    assert all(part.count == len(part.lines()) for part in cut)


def test_only_line_feeds_end_a_line() -> None:
    """Damaged lines may hold what str.splitlines takes for a line end."""
    odd = b"a\x0bb\x0cc\x1cd\xc2\x85e\xe2\x80\xa8f"
    assert block(1, odd, odd).lines() == [odd, odd]


def test_the_digest_is_the_start_of_the_lines_sha256() -> None:
    assert digest(b'{"seq":1}') == hashlib.sha256(b'{"seq":1}').hexdigest()[:16]
    assert digest(b"abc") == "ba7816bf8f01cfea"  # FIPS 180-2, appendix B.1


@given(
    st.lists(st.lists(LINE, min_size=1, max_size=5), min_size=1, max_size=8),
    st.integers(0, 50),
    st.integers(1, 60),
    st.data(),
)
def test_the_buffer_gives_exactly_the_suffix_or_says_that_it_cannot(
    parts: list[list[bytes]], head: int, capacity: int, data: st.DataObject
) -> None:
    buffer = Buffer(head, capacity)
    everything: list[bytes] = []
    for part in parts:
        buffer.append(block(head + len(everything) + 1, *part))
        everything += part
    assert buffer.head == head + len(everything)
    cursor = data.draw(st.integers(0, buffer.head + 2))
    found = buffer.after(cursor, size=10**9)
    if found is None:
        oldest = next(start for start in range(buffer.head + 1) if buffer.after(start, 10**9) is not None)
        assert cursor < oldest or cursor > buffer.head
    else:
        assert [line for piece in found for line in piece.lines()] == everything[cursor - head :]
        assert not found or found[0].first == cursor + 1


def test_the_buffer_keeps_its_newest_block_and_otherwise_its_bound() -> None:
    buffer = Buffer(0, capacity=8)
    for number in range(1, 6):
        buffer.append(block(number, b"abc"))
    assert buffer.size == 8
    assert buffer.after(2, 100) is None
    assert buffer.after(3, 100) == [block(4, b"abc"), block(5, b"abc")]
    assert buffer.after(3, 1) == [block(4, b"abc")]
    buffer.append(block(6, b"longer than the capacity"))
    assert buffer.after(5, 100) == [block(6, b"longer than the capacity")]
    assert buffer.after(4, 100) is None


def test_the_buffer_refuses_a_gap() -> None:
    with pytest.raises(ValueError, match="line 7 does not follow line 4"):
        Buffer(4, 100).append(block(7, b"x"))
