import json

import pytest

from producer.progress import Mark


def test_a_mark_is_written_as_the_topic_promises() -> None:
    mark = Mark("s", 7, {"scada.readings.v1-0": 3}, "0123456789abcdef")
    assert json.loads(mark.encode()) == {
        "stream_id": "s",
        "line": 7,
        "offsets": {"scada.readings.v1-0": 3},
        "digest": "0123456789abcdef",
    }
    assert Mark.decode(mark.encode()) == mark


@pytest.mark.parametrize("value", [b"", b"null", b"{}", b'{"stream_id":"s","line":"7","offsets":{}}', b"\xff"])
def test_what_is_no_mark_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Mark.decode(value)
