"""`tocsin number`: the numbers that the service owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from commands.context import AsJson, CommandError, Context, emit, of, say, warn

if TYPE_CHECKING:
    from community_store.models import Number

app = typer.Typer(no_args_is_help=True, help="The numbers that the service owns.")
Kind = Literal["long", "short", "sim", "sender"]
Value = Annotated[str, typer.Argument(metavar="NUMBER", help="E.164, short code or sender name")]
Rate = Annotated[float, typer.Option(help="segments a second that the provider allows")]
Price = Annotated[float, typer.Option(help="euros a segment")]
Voice = typer.Option("--voice/--no-voice", help="it can call landlines")
Sms = typer.Option("--sms/--no-sms", help="it can text")
CallRate = typer.Option(help="calls a second that the provider allows")
CallPrice = typer.Option(help="euros a call")
COLUMNS = ("number", "gateway", "kind", "rate", "price", "state", "default", "voice", "reason")


@app.command()
def add(
    ctx: typer.Context,
    number: Value,
    *,
    gateway: Annotated[str, typer.Option(help="the name of its [gateway.<name>] table")],
    rate: Rate,
    kind: Annotated[Kind | None, typer.Option(help="read from the number if left out")] = None,
    price: Price = 0.0,
    default: Annotated[bool, typer.Option("--default", help="alerts leave by it")] = False,
    voice: Annotated[bool, Voice] = False,
    sms: Annotated[bool, Sms] = True,
    call_rate: Annotated[float, CallRate] = 1.0,
    call_price: Annotated[float, CallPrice] = 0.0,
) -> None:
    """Add a number. The first becomes a default; alerts spread over all the defaults."""
    from community_store import numbers
    from community_store.models import Number

    context = of(ctx)
    _require_gateway(context, gateway)
    if voice:
        _require_calls(context, gateway)
    value, looks = _read(number)
    chosen = _kind(looks, kind)
    new = Number(
        value=value, gateway=gateway, kind=chosen, rate=rate, price=price, is_default=default,
        sms=sms, voice=voice, call_rate=call_rate, call_price=call_price,
    )  # fmt: skip
    with context.begin() as session:
        added = numbers.add(session, new)
    say(f"number {added.value} added{', a default' if added.is_default else ''}")
    _warn(value, chosen)


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the numbers."""
    from community_store import numbers

    with of(ctx).read() as session:
        rows = [_row(number) for number in numbers.list_all(session)]
    emit(rows, as_json=as_json, columns=COLUMNS)


@app.command()
def show(ctx: typer.Context, number: Value, as_json: AsJson = False) -> None:
    """Show a number, and how many deliveries are due, held, in flight or in doubt on it."""
    from community_store import numbers

    with of(ctx).read() as session:
        found = numbers.find(session, _read(number)[0])
        emit(_row(found) | numbers.waiting(session, found), as_json=as_json)


@app.command("set")
def set_(
    ctx: typer.Context,
    number: Value,
    *,
    gateway: Annotated[str | None, typer.Option()] = None,
    rate: Annotated[float | None, typer.Option(help="segments a second")] = None,
    kind: Annotated[Kind | None, typer.Option()] = None,
    price: Annotated[float | None, typer.Option(help="euros a segment")] = None,
    default: Annotated[bool | None, typer.Option("--default/--no-default")] = None,
    voice: Annotated[bool | None, Voice] = None,
    sms: Annotated[bool | None, Sms] = None,
    call_rate: Annotated[float | None, CallRate] = None,
    call_price: Annotated[float | None, CallPrice] = None,
) -> None:
    """Change a number; it takes effect at once."""
    from community_store import numbers

    context = of(ctx)
    value, looks = _read(number)
    if gateway is not None:
        _require_gateway(context, gateway)
    given = {
        "gateway": gateway, "rate": rate, "kind": kind and _kind(looks, kind),
        "price": price, "is_default": default, "voice": voice, "sms": sms,
        "call_rate": call_rate, "call_price": call_price,
    }  # fmt: skip
    changes: dict[str, object] = {name: new for name, new in given.items() if new is not None}
    if not changes:
        raise CommandError(
            "nothing to change: give --rate, --price, --gateway, --kind, --default, --voice,"
            " --sms, --call-rate or --call-price"
        )
    with context.begin() as session:
        found = numbers.find(session, value)
        if voice or (found.voice and voice is None):
            _require_calls(context, gateway or found.gateway)
        numbers.change(session, found, changes)
    say(f"number {value} changed")


@app.command()
def pause(
    ctx: typer.Context,
    number: Value,
    reason: Annotated[str, typer.Option(help="shown in the list")] = "",
) -> None:
    """Hold what is due on a number until it is resumed."""
    from community_store import numbers

    with of(ctx).begin() as session:
        found = numbers.find(session, _read(number)[0])
        numbers.pause(session, found, reason)
    say(f"number {found.value} paused: its deliveries wait")


@app.command()
def resume(ctx: typer.Context, number: Value) -> None:
    """Let a paused number send again."""
    from community_store import numbers

    with of(ctx).begin() as session:
        found = numbers.find(session, _read(number)[0])
        numbers.resume(session, found)
    say(f"number {found.value} resumed")


@app.command()
def remove(ctx: typer.Context, number: Value) -> None:
    """Remove a number; refused while deliveries are due on it."""
    from community_store import numbers

    with of(ctx).begin() as session:
        found = numbers.find(session, _read(number)[0])
        numbers.remove(session, found)
    say(f"number {found.value} removed")


def _read(text: str) -> tuple[str, str]:
    from gateway.numbers import NumberError, number_value

    try:
        return number_value(text)
    except NumberError as error:
        raise CommandError(f"NUMBER: {error}") from None


def _kind(looks: str, given: str | None) -> str:
    """A kind that fits the look: a SIM has a long number, a name is only a sender."""
    fits = {"long": ("long", "sim"), "short": ("short",), "sender": ("sender",)}[looks]
    if given is not None and given not in fits:
        raise CommandError(f"--kind: this number looks {looks}: {' or '.join(fits)} fits")
    return given or looks


def _warn(value: str, kind: str) -> None:
    """What is unwise, but may be right: a test account abroad, a SIM called a long number."""
    from gateway.numbers import Kind, NumberError, parse

    if not value.startswith("+"):
        return
    try:
        phone = parse(value)
    except NumberError as error:
        warn(f"{value} is not a French number ({error}): can people in France text it?")
        return
    if phone.kind is Kind.MOBILE and kind != "sim":
        warn(
            f"{value} is a mobile number, which automatic systems may not send from"
            " since 2023: if it is the number of a SIM of yours, say --kind sim"
        )


def _require_gateway(context: Context, name: str) -> None:
    known = context.settings.gateway
    if name not in known:
        raise CommandError(
            f"--gateway: no [gateway.{name}] in the configuration; known: {', '.join(known)}"
        )


def _require_calls(context: Context, name: str) -> None:
    from dispatch.runtime import build_providers
    from gateway.contract import Channel

    provider = build_providers(context.settings).get(name)
    if provider is None or Channel.VOICE not in provider.channels:
        raise CommandError(f"--voice: the gateway {name!r} makes no calls")


def _row(number: Number) -> dict[str, Any]:
    return {
        "number": number.value,
        "gateway": number.gateway,
        "kind": number.kind,
        "rate": number.rate,
        "price": number.price,
        "state": number.state,
        "default": number.is_default,
        "reason": number.reason,
        "backoff_until": number.backoff_until,
        "sms": number.sms,
        "voice": number.voice,
        "call_rate": number.call_rate,
        "call_price": number.call_price,
        "calls_paused": number.calls_paused,
    }
