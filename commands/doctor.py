"""`tocsin doctor`: is everything there that a text needs, and if not, what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from commands.context import AsJson, Context, emit, of

if TYPE_CHECKING:
    from dispatch.runtime import Runtime
    from gateway.contract import Provider

LOCAL = ("http://127.", "http://localhost", "http://[::1]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `good` says whether it passed, `what` what was found or what to do."""

    check: str
    good: bool
    what: str


def doctor(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Check configuration, database, Redis, gateways, webhook addresses and mail."""
    context = of(ctx)
    findings = list(_examine(context))
    rows = [
        {"check": f.check, "result": "ok" if f.good else "FAULT", "what": f.what} for f in findings
    ]
    emit(rows, as_json=as_json, columns=("check", "result", "what"))
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def _examine(context: Context) -> Iterator[Finding]:
    from dispatch.runtime import open_runtime

    settings = context.settings  # a faulty configuration has ended us by now, naming the key
    yield Finding(
        "configuration", True, f"{len(settings.gateway)} gateway(s), data in {settings.data_dir}"
    )
    yield _data_dir(context)
    runtime = open_runtime(settings)
    database = _database(context)
    yield database
    yield _redis(runtime)
    yield _simulator(context)
    yield _proxies(context)
    yield _legal(context)
    yield _contact(context)
    if database.good:
        yield _numbers(context)
        yield _landlines(context)
        yield _notifications(context)
    for name, provider in runtime.providers.items():
        yield _provider(name, provider)
        if name in settings.gateway and settings.gateway[name].type != "simulator":
            yield _webhooks(context, name)
    yield from _partners(context)
    runtime.close()


def _partners(context: Context) -> Iterator[Finding]:
    from gateway import openid

    for name, section in context.settings.partner.items():
        check = f"partner {name}"
        trouble = openid.examine(
            openid.Partner(
                section.issuer, section.client_id, section.client_secret.get_secret_value()
            )
        )
        back = f"{context.settings.service.site}/activation/partner/{name}/back"
        if trouble:
            yield Finding(check, False, f"{trouble}: check [partner.{name}] issuer")
        elif not context.settings.geo.geocoder_url:
            yield Finding(check, False, "set [geo] geocoder_url: addresses cannot be compared")
        else:
            yield Finding(check, True, f"answers; its redirect address is to be {back}")


def _data_dir(context: Context) -> Finding:
    from commands.context import CommandError
    from commands.up import require_writable

    try:
        require_writable(context.settings.data_dir)
    except CommandError as error:
        return Finding("data_dir", False, str(error))
    return Finding("data_dir", True, "can be written")


def _database(context: Context) -> Finding:
    from sqlalchemy.exc import SQLAlchemyError

    from commands.context import CommandError

    try:
        store = context.open_store_checked()
    except CommandError as error:
        return Finding("database", False, str(error))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        return Finding("database", False, f"{cause} (check [database] url, and that it runs)")
    return Finding("database", True, f"{store.engine.dialect.name}, up to date")


def _redis(runtime: Runtime) -> Finding:
    from redis.exceptions import RedisError

    from commands.supervisor import is_up

    embedded = runtime.settings.embedded_redis
    if embedded and not is_up(runtime.settings.data_dir):
        return Finding("redis", True, "embedded Valkey, which `tocsin up` starts")
    try:
        runtime.redis.ping()
    except RedisError as error:
        advice = "see the log of `tocsin up`" if embedded else "check [redis] url, and that it runs"
        return Finding("redis", False, f"no answer ({type(error).__name__}): {advice}")
    return Finding("redis", True, "embedded Valkey answers" if embedded else "answers")


def _numbers(context: Context) -> Finding:
    from sqlmodel import select

    from community_store.models import GatewayPause, Number, NumberState

    with context.read() as session:
        numbers = session.exec(select(Number)).all()
        pauses = session.exec(select(GatewayPause)).all()
    stray = [n for n in numbers if n.gateway not in context.settings.gateway]
    paused = [
        f"{n.value} ({n.reason or 'paused'})" for n in numbers if n.state != NumberState.ACTIVE
    ]
    paused += [f"the calls of {n.value} ({n.calls_paused})" for n in numbers if n.calls_paused]
    paused += [f"gateway {p.gateway} ({p.reason})" for p in pauses]
    if not numbers:
        return Finding("numbers", False, "none: add one with `tocsin number add`")
    if stray:
        return Finding(
            "numbers", False, f"{stray[0].value} is at the unknown gateway {stray[0].gateway!r}"
        )
    if paused:
        return Finding(
            "numbers",
            False,
            f"paused: {', '.join(paused)}: `tocsin number resume`, `tocsin queue resume`",
        )
    return Finding("numbers", True, f"{len(numbers)}, all active")


def _landlines(context: Context) -> Finding:
    """No fault: calls cost money, and an operator may do without."""
    from sqlmodel import col, func, select

    from community_store.models import Member, MemberState, Number

    with context.read() as session:
        waiting = session.exec(
            select(func.count())
            .select_from(Member)
            .where(
                Member.state == MemberState.ACTIVE,
                col(Member.mobile).is_(None),
                col(Member.landline).is_not(None),
            )
        ).one()
        callers = session.exec(
            select(func.count()).select_from(Number).where(col(Number.voice))
        ).one()
    advice = ": `tocsin number set NUMBER --voice` lets one call" if waiting and not callers else ""
    return Finding(
        "landlines", True, f"{waiting} members have no mobile; {callers} numbers call{advice}"
    )


def _notifications(context: Context) -> Finding:
    """Browsers have them over https only, and for the one key that they subscribed for."""
    from community_store import subscriptions
    from gateway import vapid

    settings = context.settings
    try:
        key = vapid.private_key(settings.push.vapid_private_key, settings.data_dir)
        with context.read() as session:
            count, lost = subscriptions.made_for_others(session, vapid.public_key(key))
    except (OSError, ValueError) as error:
        return Finding("notifications", False, f"no key: {error} (see [push] in the example)")
    if lost:
        again = f"restore {settings.data_dir / vapid.FILE}, or [push] vapid_private_key"
        return Finding(
            "notifications", False, f"{lost} of {count} device(s) expect another key: {again}"
        )
    site = settings.service.site
    if not site.startswith(("https://", *LOCAL)):
        return Finding("notifications", True, f"none: browsers want https, and {site} is not")
    return Finding("notifications", True, f"{count} device(s)")


def _simulator(context: Context) -> Finding:
    """Nobody signs for the simulator's texts: it has no place beside a real gateway."""
    from dispatch.trials import is_trial

    settings = context.settings
    if not any(gateway.type == "simulator" for gateway in settings.gateway.values()):
        return Finding("simulator", True, "none")
    if settings.security.simulator_public:
        return Finding(
            "simulator",
            False,
            "open to everybody who can reach the port: set [security] simulator_public = false",
        )
    if not is_trial(settings):
        return Finding(
            "simulator",
            False,
            "beside a real gateway, and its texts are unsigned: remove its [gateway] table",
        )
    return Finding("simulator", True, "for callers on this machine")


def _proxies(context: Context) -> Finding:
    """We speak no TLS ourselves: behind https there is a proxy, and all callers look like it."""
    settings = context.settings
    count = settings.security.trusted_proxies
    if settings.service.site.startswith("https://") and not count:
        return Finding(
            "proxies",
            False,
            "behind a proxy everybody shares one caller's limits: set [security] trusted_proxies",
        )
    return Finding("proxies", True, f"{count} trusted")


def _legal(context: Context) -> Finding:
    """No fault, since texts go out all the same: but the law wants these pages complete."""
    missing = context.settings.legal.missing
    if missing:
        return Finding("legal pages", True, f"to be completed in [legal]: {', '.join(missing)}")
    return Finding("legal pages", True, "complete")


def _contact(context: Context) -> Finding:
    """No fault: a small town may prefer its telephone."""
    from dispatch.contacting import mailbox

    if mailbox(context.settings):
        return Finding("contact form", True, "writes to the address in [service] contact")
    return Finding(
        "contact form", True, "closed: put an e-mail address into [service] contact to open it"
    )


def _provider(name: str, provider: Provider) -> Finding:
    from gateway.contract import SendError

    async def ask() -> str:
        await provider.open()
        try:
            return await provider.check()
        finally:
            await provider.close()

    try:
        return Finding(f"gateway {name}", True, asyncio.run(ask()))
    except SendError as error:
        return Finding(f"gateway {name}", False, error.reason)


def _webhooks(context: Context, name: str) -> Finding:
    """Whether a provider elsewhere could reach us at the address we give it."""
    base = context.settings.service.callbacks
    address = f"{base}/webhooks/{name}/sms"
    twilio = context.settings.gateway[name].type == "twilio"
    if twilio and "api.twilio.com" in context.settings.gateway[name].api_base:  # type: ignore[union-attr]  # only Twilio's has one
        if base.startswith(LOCAL):
            return Finding(
                f"webhooks {name}",
                False,
                f"{address} cannot be reached from outside: set [service] site",
            )
        if not base.startswith("https://"):
            return Finding(
                f"webhooks {name}", False, f"{address} is not https: texts would travel in clear"
            )
    return Finding(f"webhooks {name}", True, address)
