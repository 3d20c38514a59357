from producer.progress import Mark
from producer.recovery import Headers, recover

MARK = Mark("ours", 10, {"readings-0": 5}, "0123456789abcdef")


def headers(stream: bytes | None, line: bytes | None) -> list[tuple[str, bytes | None]]:
    return [("stream", stream), ("line", line)]


def test_present_are_the_lines_of_our_stream_beyond_the_mark() -> None:
    found = [headers(b"ours", b"%d" % number) for number in (9, 10, 11, 14, 11)] + [headers(b"theirs", b"12")]
    assert recover(MARK, found, {"readings-0": 11}).present == {11, 14}


def test_records_of_strangers_are_passed_over() -> None:
    found: list[Headers] = [
        [],
        headers(None, b"11"),
        headers(b"ours", None),
        headers(b"ours", b""),
        headers(b"ours", b"-11"),
        headers(b"ours", b"eleven"),
        headers(b"ours", b"9" * 5000),
        [("stream", b"ours")],
    ]
    assert recover(MARK, found, {}).present == frozenset()
