"""Ports on this machine, loopback only."""

import socket
from typing import Final

from pipeline.errors import PipelineError

LOOPBACK: Final = "127.0.0.1"


def claim(port: int, purpose: str, way_out: str) -> int:
    """The port if it is free; any free port for 0.

    Raises:
        PipelineError: something else listens there.
    """
    with socket.socket() as probe:
        # As servers do, so that connections of one that has just ended are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PipelineError(f"port {port} for {purpose} cannot be used ({error.strerror}). {way_out}") from None
        bound: int = probe.getsockname()[1]
        return bound


def first_free(port: int) -> int:
    """The first port from this one on that is free."""
    while is_taken(port):
        port += 1
    return port


def is_taken(port: int) -> bool:
    """Whether the port cannot be listened on."""
    try:
        claim(port, "", "")
    except PipelineError:
        return True
    return False


def accepts(port: int, host: str = LOOPBACK) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True
