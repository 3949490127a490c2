"""How a partner describes itself: nothing of it may be read or changed on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from gateway import openid
from gateway.openid import Partner, PartnerInvalid

NAMES = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")


class Described:
    """A provider on loopback that says of itself what a test wants."""

    def __init__(self) -> None:
        app = Flask("provider")
        app.add_url_rule("/.well-known/openid-configuration", "described", lambda: self.said)
        self.server = make_server("127.0.0.1", 0, app)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.said: dict[str, Any] = {"issuer": self.issuer}
        self.said |= {name: f"{self.issuer}/{name}" for name in NAMES}

    @property
    def partner(self) -> Partner:
        return Partner(self.issuer, "tocsin", "secret")


@pytest.fixture
def provider() -> Iterator[Described]:
    provider = Described()
    thread = threading.Thread(target=provider.server.serve_forever)
    thread.start()
    yield provider
    provider.server.shutdown()
    thread.join()
    provider.server.server_close()


def test_one_that_is_described_well_may_be_used(provider: Described) -> None:
    assert openid.examine(provider.partner) == ""
    del provider.said["userinfo_endpoint"]  # a provider may be without
    assert openid.examine(provider.partner) == ""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["http://partner.example/x", "ftp://127.0.0.1/x", "x"])
def test_what_others_could_listen_to_is_not_used(
    provider: Described, name: str, where: str
) -> None:
    provider.said[name] = where
    assert openid.examine(provider.partner) == f"its {name} is missing, or not https"
    with pytest.raises(PartnerInvalid):
        openid.begin(provider.partner, "https://tocsin.example/back")
