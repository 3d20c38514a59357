import socket

import pytest

from pipeline import ports
from pipeline.errors import PipelineError


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PipelineError, match=rf"port {port} for Kafka cannot be used .*give another"):
            ports.claim(port, "Kafka", "give another")
        assert ports.accepts(port)
        assert ports.first_free(port) > port
    assert not ports.accepts(port)


def test_zero_is_any_free_port() -> None:
    assert not ports.is_taken(ports.claim(0, "Kafka", ""))
