"""What holds for every gateway, by whatever name."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from config import GatewaySection, Settings
from gateway.contract import Callback, Caller, Channel, Forged, Provider, SendError
from gateway.providers import KINDS, Wiring, build, build_mail

EXAMPLES: dict[str, dict[str, str]] = {
    "twilio": {"account_sid": "AC1", "auth_token": "secret", "api_base": "http://127.0.0.1:1"},
    "kannel": {
        "sendsms_url": "http://127.0.0.1:1/",
        "username": "u",
        "password": "p",
        "token": "t",
    },
    "simulator": {},
}


def made(kind: str, tmp_path: Path) -> Provider:
    settings = Settings(gateway={"mine": {"type": kind, **EXAMPLES[kind]}})
    return build("mine", settings.gateway["mine"], Wiring(tmp_path, 1.0, "https://t.example"))


def test_every_table_of_the_configuration_has_its_provider() -> None:
    union = get_args(GatewaySection)[0]
    kinds = {get_args(section.model_fields["type"].annotation)[0] for section in get_args(union)}
    assert kinds == set(KINDS) == set(EXAMPLES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_provider_bears_the_operators_name(kind: str, tmp_path: Path) -> None:
    provider = made(kind, tmp_path)
    assert provider.name == "mine"
    assert Channel.SMS in provider.channels
    assert isinstance(provider, Caller) is (Channel.VOICE in provider.channels)
    assert bool(provider.callback_url(1, 1)) is provider.traits.receipts
    assert provider.callback_url(1, 1).startswith(
        "https://t.example/webhooks/mine/" if provider.traits.receipts else ""
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("content", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_every_webhook_refuses_a_call_that_proves_nothing(
    kind: str, method: str, content: str, tmp_path: Path
) -> None:
    headers = {"content-type": content} if content else {}
    call = Callback(method, "https://t.example/webhooks/mine/sms", {}, {"From": "x"}, headers)
    with pytest.raises(Forged):
        made(kind, tmp_path).verify(call)


async def _opened(provider: Provider) -> list[Any]:
    await provider.open()
    try:
        return [each async for each in provider.inbound_since(datetime.now(UTC))]
    except SendError as error:
        return [error]
    finally:
        await provider.close()


def _mail(url: str, tmp_path: Path) -> Provider:
    return build_mail(url, "alerte@t.example", Wiring(tmp_path, 1.0, ""))


@pytest.mark.parametrize("kind", [*KINDS, "smtp://127.0.0.1:1", "maildir:var/mail"])
def test_a_provider_opens_in_one_event_loop_after_another(kind: str, tmp_path: Path) -> None:
    provider = made(kind, tmp_path) if kind in KINDS else _mail(kind, tmp_path)
    first, second = (asyncio.run(_opened(provider)) for _ in range(2))
    unreachable = provider.traits.polls_inbound
    assert [len(first), len(second)] == ([1, 1] if unreachable else [0, 0])
