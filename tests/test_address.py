"""A socket that is passed to the site."""

import os
import socket
from pathlib import Path

import pytest

from flyleaf import address as addresses
from flyleaf.address import AddressError


def test_a_listening_socket_is_used_as_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        address, passed = addresses.passed(os.dup(held.fileno()))
        with passed:
            assert passed.getsockname() == held.getsockname()
            assert str(address) == f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_a_socket_that_does_not_listen_at_a_tcp_address_is_refused(family: socket.AddressFamily) -> None:
    with socket.socket(family) as other, pytest.raises(AddressError, match="doesn't listen on a TCP address"):
        addresses.passed(os.dup(other.fileno()))


def test_what_is_no_socket_is_refused() -> None:
    with (
        Path(os.devnull).open() as file,
        pytest.raises(AddressError, match="LISTEN_FDS is set, but no socket was passed"),
    ):
        addresses.passed(file.fileno())
