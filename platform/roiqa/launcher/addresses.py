"""The address that the web server listens on: free, and what a browser must type."""

import errno
import http.client
import socket

from roiqa.launcher.errors import LaunchError

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (compared with, not bound)


def free_port(host: str, port: int) -> int:
    """`port` if it can be listened on at `host`, or any free one for 0. Raises LaunchError naming what stands in the way."""
    if not 0 <= port <= 65535:
        raise LaunchError(f"--port {port} is not a port: choose one from 1 to 65535.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise LaunchError(f"--host {host} is not an address of this machine: try 127.0.0.1 or 0.0.0.0.") from None
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen()
        except OSError as error:
            raise _explained(error, host, port) from error
        return int(probe.getsockname()[1])


def _explained(error: OSError, host: str, port: int) -> LaunchError:
    if error.errno == errno.EADDRINUSE:
        return LaunchError(f"Port {port} on {host} is in use by another program: choose another one with --port.")
    if error.errno == errno.EACCES:
        return LaunchError(f"Port {port} needs more rights than this user has: choose one above 1023 with --port.")
    if error.errno == errno.EADDRNOTAVAIL:
        return LaunchError(f"--host {host} is not an address of this machine: try 127.0.0.1 or 0.0.0.0.")
    return LaunchError(
        f"Cannot listen on port {port} of {host} ({error.strerror}): choose another with --port or --host."
    )


def local_host(host: str) -> str:
    """The host under which this machine itself reaches a server that listens on `host`."""
    return _EVERY_ADDRESS.get(host, host)


def url(host: str, port: int) -> str:
    name = local_host(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def names_of_this_machine() -> list[str]:
    """Host names and addresses under which others may reach this machine, as far as it knows them itself."""
    names = {socket.gethostname(), socket.getfqdn()}
    try:
        names |= {str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None)}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # No packet is sent: this asks the routing table for the address that others see.
            probe.connect(("192.0.2.1", 9))
            names.add(probe.getsockname()[0])
    except OSError:
        pass
    return sorted(f"[{name}]" if ":" in name else name for name in names)


def is_ready(host: str, port: int, *, allowed_name: str) -> bool:
    """Whether `/readyz` answers 200 to a host name that it serves: database, migrations and broker are there."""
    connection = http.client.HTTPConnection(local_host(host), port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": allowed_name.lstrip(".")})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
