"""HTTP to addresses that people typed in, which must not reach this machine or its neighbours (SSRF).

The name is resolved once, every address that it gives is checked, and the connection goes to a checked one: a second
answer of the name server cannot change it (DNS rebinding). Redirects are not followed, proxies of the environment are not
asked, and nothing of an answer but its status is kept.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
LONGEST_SECONDS: Final = 20.0
LONGEST_URL: Final = 500
_PORTS = {"https": 443, "http": 80}
# Addresses that lead to an IPv4 address inside them: NAT64 and its local prefix, and IPv4-compatible ones.
_EMBEDDING = tuple(ipaddress.IPv6Network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(ValueError):
    """A URL that is never called."""


class NotSent(Exception):
    """The request got no answer. The message is for the person who set the URL up."""


def check_url(url: str) -> None:
    """Raises AddressRefused for a URL that could never be called: its form, its scheme, its host.

    The name is not resolved here: what it leads to is checked whenever something is sent.
    """
    parts = _parts(url)
    host = parts.hostname or ""
    if _is_allowed(parts):
        return
    if parts.scheme != "https":
        raise AddressRefused("Use https: what is sent is about your study, and http can be read on the way.")
    literal = _literal(host)
    if literal is not None and not is_public(literal):
        raise AddressRefused(_refusal(host))
    if literal is None and ("." not in host or host.endswith((".localhost", ".local", ".internal"))):
        raise AddressRefused(_refusal(host))


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer to this POST. Raises NotSent, also for an address that is refused."""
    try:
        check_url(url)
        parts = _parts(url)
        address = _resolved(parts)
    except AddressRefused as refusal:
        raise NotSent(str(refusal)) from None
    connection = _PinnedConnection(parts, address)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # Each wait has its own limit; one that answers a byte at a time would have none.
    limit = threading.Timer(LONGEST_SECONDS, connection.give_up)
    limit.daemon = True
    limit.start()
    try:
        connection.request("POST", target, body=body, headers={**headers, "Connection": "close"})
        return connection.getresponse().status
    except TimeoutError:
        raise NotSent(f"No answer within {ANSWER_SECONDS:.0f} seconds.") from None
    except ssl.SSLCertVerificationError as error:
        raise NotSent(f"The certificate of {parts.hostname} is not trusted: {error.verify_message}.") from None
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(f"{parts.hostname} could not be reached: {type(error).__name__}.") from None
    finally:
        limit.cancel()
        connection.close()


def is_public(address: Address) -> bool:
    """Whether it is an address of the open internet: none of this machine, its network, its cloud, or a group."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and any(address in network for network in _EMBEDDING):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not is_public(inner):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


class _PinnedConnection(http.client.HTTPConnection):
    """Connects to one address; speaks to, and checks the certificate of, the host of the URL."""

    def __init__(self, parts: SplitResult, address: str) -> None:
        super().__init__(parts.hostname or "", parts.port or _PORTS[parts.scheme], timeout=ANSWER_SECONDS)
        self._address = address
        self._secure = parts.scheme == "https"

    def connect(self) -> None:
        sock = socket.create_connection((self._address, self.port), CONNECT_SECONDS)
        sock.settimeout(ANSWER_SECONDS)
        if self._secure:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=self.host)
        self.sock = sock

    def give_up(self) -> None:
        """From another thread: whatever is waited for ends."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _parts(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or any(not 32 < ord(character) != 127 for character in url):
        raise AddressRefused(f"A URL has at most {LONGEST_URL} characters and no blanks.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused(f"{url!r} is no URL: write https://host/path.") from None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise AddressRefused(f"{url!r} is no URL that can be called: write https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(
            "No user or password in a URL: it is shown to the study's staff. Check the signature instead."
        )
    return parts


def _resolved(parts: SplitResult) -> str:
    """The address to connect to. Raises AddressRefused if the name leads anywhere that is not public."""
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or _PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused(f"The name {host} is not known.") from None
    addresses = [str(one[4][0]).split("%", 1)[0] for one in found]
    if not _is_allowed(parts) and not all(is_public(ipaddress.ip_address(one)) for one in addresses):
        raise AddressRefused(_refusal(host))
    return addresses[0]


def _is_allowed(parts: SplitResult) -> bool:
    """Whether whoever runs the installation named this host (`host` or `host:port`) as one that may be called."""
    host = parts.hostname or ""
    named = f"{host}:{parts.port or _PORTS[parts.scheme]}"
    return not {host, named}.isdisjoint(settings.WEBHOOK_ALLOWED_HOSTS)


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refusal(host: str) -> str:
    return (
        f"{host} is not on the open internet, and webhooks do not go to this machine or its network: whoever runs the "
        "installation can allow a host with ROIQA_WEBHOOK_HOSTS."
    )
