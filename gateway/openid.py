"""An OpenID Connect provider that says where somebody lives: the standard `address` claim (S26).

Discovery 1.0, the code flow of Core 1.0 with PKCE (RFC 7636), and the claim of its 5.1.1, by
Authlib, which is loaded at the first errand (12 MB). Neither a token nor a claim is ever logged or kept.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 5.0  # seconds for each call; a resident waits for it
ADDRESS_MAX = 200  # characters, as the geocoder takes
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SIGNED_BY = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "Ed25519",
)  # fmt: skip
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
USERINFO = "userinfo_endpoint"  # which a provider may be without


class PartnerAway(Exception):
    """No usable answer: try again later. The message names no person."""


class PartnerDenied(Exception):
    """The person said no, or the partner did."""


class PartnerInvalid(Exception):
    """What came back is not what was asked for, or not from the partner."""


@dataclass(frozen=True, slots=True)
class Partner:
    """A provider by its issuer, and what it knows this installation as."""

    issuer: str
    client_id: str
    client_secret: str
    scope: str = "openid address"


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody sent to the partner must bring back; kept in their own session."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a partner says: whom it knows, by its own name for them, and where they live.

    `address` is one line to be geocoded, "" when the partner told none.
    """

    subject: str
    address: str


@cache
def _kind() -> Any:
    """Authlib's client of a provider of identities."""
    from authlib.integrations.base_client import (  # type: ignore[import-untyped]  # ships none
        BaseApp,
        OAuth2Mixin,
        OpenIDMixin,
    )
    from authlib.integrations.requests_client import (  # type: ignore[import-untyped]
        OAuth2Session,
    )

    bases = (OAuth2Mixin, OpenIDMixin, BaseApp)
    return type("_Client", bases, {"client_cls": OAuth2Session})


def secure(url: str) -> bool:
    """Whether nobody on the way can read or change what is asked of an address."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def begin(partner: Partner, back: str) -> Errand:
    """Where to send somebody who is to return to `back`. Raises PartnerAway."""
    with _failures():
        made = _client(partner).create_authorization_url(back)
    return Errand(made["url"], made["state"], made["nonce"], made["code_verifier"])


def finish(partner: Partner, back: str, errand: Errand, told: Mapping[str, str]) -> Claim:
    """What the partner says of whoever returned with the query `told`.

    Raises PartnerDenied, PartnerInvalid, PartnerAway.
    """
    if not hmac.compare_digest(told.get("state", "").encode(), errand.state.encode()):
        raise PartnerInvalid("the state is another's")
    if told.get("iss", partner.issuer) != partner.issuer:  # RFC 9207
        raise PartnerInvalid("another provider sent them back")
    if told.get("error") == "access_denied":
        raise PartnerDenied("access_denied")
    if not told.get("code"):
        raise PartnerAway(f"sent back with {told.get('error', 'no code')[:40]!r}")
    client = _client(partner)
    with _failures():
        token = client.fetch_access_token(
            back, code=told["code"], code_verifier=errand.verifier, grant_type="authorization_code"
        )
        known = client.parse_id_token(token, errand.nonce)
        if known is None:
            raise PartnerInvalid("no ID token")
        said: Mapping[str, Any] = known
        if "address" not in said and client.server_metadata.get(USERINFO):
            said = client.userinfo(token=token)
            if said.get("sub") != known["sub"]:
                raise PartnerInvalid("the claims are another's")
    return Claim(str(known["sub"]), address_line(said.get("address")))


def examine(partner: Partner) -> str:
    """What keeps it from being used, "" for nothing: for an operator."""
    try:
        with _failures():
            _client(partner)
    except (PartnerAway, PartnerInvalid) as error:
        return str(error)
    return ""


def address_line(claim: Any) -> str:
    """The claim as one line; its parts, or else what it has `formatted`."""
    if not isinstance(claim, Mapping):
        return ""
    parts = [claim.get(name) for name in ("street_address", "postal_code", "locality")]
    told = [part for part in parts if isinstance(part, str) and part.strip()]
    if len(told) < len(parts) and isinstance(claim.get("formatted"), str):
        told = [claim["formatted"]]
    return " ".join(" ".join(told).split())[:ADDRESS_MAX]


def _client(partner: Partner) -> Any:
    """With the provider's own description of itself, which must fit."""
    client = _kind()(
        None,
        client_id=partner.client_id,
        client_secret=partner.client_secret,
        server_metadata_url=f"{partner.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": partner.scope,
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE,
        },
    )
    with _failures():
        described = client.load_server_metadata()
    if described.get("issuer") != partner.issuer:
        raise PartnerInvalid(f"it calls itself {described.get('issuer')!r}: set issuer to that")
    for name in (*ENDPOINTS, *([USERINFO] if described.get(USERINFO) else [])):
        if not secure(str(described.get(name, ""))):
            raise PartnerInvalid(f"its {name} is missing, or not https")
    offered = described.get("id_token_signing_alg_values_supported") or ["RS256"]
    described["id_token_signing_alg_values_supported"] = [
        way for way in offered if way in SIGNED_BY
    ]
    return client


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what can go wrong into PartnerAway or PartnerInvalid."""
    from authlib.integrations.base_client import OAuthError
    from joserfc.errors import JoseError
    from requests import RequestException

    try:
        yield
    except RequestException as error:
        raise PartnerAway(f"no answer ({type(error).__name__})") from None
    except OAuthError as error:
        raise PartnerInvalid(f"it refused the exchange ({str(error.error)[:40]})") from None
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise PartnerInvalid(f"its answer is not valid ({type(error).__name__})") from None
