"""Who may use the simulator, where anybody texts as anybody without a signature."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from config import Settings

FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


def may_text(settings: Settings, caller: str, headers: Mapping[str, str]) -> bool:
    """Only somebody on this machine, unless the operator opened the simulator to all.

    `caller` is the address that the connection comes from, `headers` have names in lower
    case. Who calls this machine by another name (DNS rebinding) or through a proxy is not
    on it.
    """
    if settings.security.simulator_public:
        return True
    named = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    here = is_this_machine(caller) and is_this_machine(named)
    return here and not any(name in headers for name in FORWARDED)


def may_look(settings: Settings, caller: str, headers: Mapping[str, str]) -> bool:
    """Whether somebody may see the telephones and mailboxes of everybody.

    Nobody beside real gateways with a public site: a proxy that leaves no trace would
    show them to the world.
    """
    if settings.security.simulator_public:
        return True
    return may_text(settings, caller, headers) and is_trial(settings)


def is_trial(settings: Settings) -> bool:
    """Whether nothing but simulators is configured, or the site is this machine."""
    simulators = [g for g in settings.gateway.values() if g.type == "simulator"]
    site = urlsplit(settings.service.site).hostname or ""
    return len(simulators) == len(settings.gateway) or is_this_machine(site)


def is_this_machine(host: str) -> bool:
    """A loopback address, or a name that browsers resolve to one."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
