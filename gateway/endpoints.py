"""The addresses that browsers give us to send to: never one of our own network.

A member could name any address, so it must be https, at the usual port, of a host that
the whole internet sees. A name is looked at again whenever it is resolved: it may point
elsewhere by then.
"""

from __future__ import annotations

import base64
import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

LONGEST = 1000  # characters of an endpoint; those of today have some 200
PRIVATE = frozenset(["internal", "lan", "local", "localhost"])
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NotPublic(OSError):
    """A name that leads into a private network."""


def check(endpoint: str, *, private: bool = False) -> None:
    """Raises ValueError, in one clause, for what is no push service's address.

    `private` allows those of a test: on this machine, or without TLS.
    """
    if len(endpoint) > LONGEST or not endpoint.isascii() or not endpoint.isprintable():
        raise ValueError("too long, or not written as an address")
    parts = urlsplit(endpoint)
    if parts.username is not None or parts.password is not None or not parts.hostname:
        raise ValueError("no address of a host")
    if private and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https" or parts.port not in (None, 443):
        raise ValueError("not https at its usual port")
    if not _is_name(parts.hostname):
        raise ValueError("a host of a private network")


def _is_name(host: str) -> bool:
    """A host that has a name at all: figures would be connected to unresolved ("127.1" too)."""
    last = host.rstrip(".").rpartition(".")
    return bool(last[0]) and not last[2].isdigit() and last[2] not in PRIVATE and ":" not in host


def check_keys(p256dh: str, auth: str) -> None:
    """Raises ValueError unless a message can be encrypted for these keys."""
    from cryptography.hazmat.primitives.asymmetric import ec  # OpenSSL: only where it is wanted

    if len(_bytes(auth)) != 16:
        raise ValueError("the secret has not 16 bytes")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(p256dh))


def _bytes(text: str) -> bytes:
    if len(text) > 100:
        raise ValueError("too long for a key")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is an address of one host that the whole internet sees."""
    plain = _carried(address)
    return plain.is_global and not (plain.is_multicast or plain.is_reserved)


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that some of IPv6 stand for."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class PublicOnly(AbstractResolver):
    """Resolves names as ever, and knows no private address."""

    def __init__(self) -> None:
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [one for one in found if is_public(ipaddress.ip_address(one["host"]))]
        if found and not public:
            raise NotPublic("a host of a private network")
        return public

    async def close(self) -> None:
        await self._resolver.close()
