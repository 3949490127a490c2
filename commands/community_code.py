"""`tocsin community code`: a sheet of codes by which homes join at once, and its end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from commands.context import AsJson, CommandError, Context, emit, of, say
from commands.reading import community_named, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel import Session

    from community_store.home_codes import Issued
    from community_store.models import Community

COLUMNS = ("code", "address", "expires_at")


def code(
    ctx: typer.Context,
    community: Annotated[str, typer.Argument(metavar="COMMUNITY", help="id, or name where unique")],
    homes: Annotated[int, typer.Option(help="a code for each of so many homes")] = 0,
    addresses: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a code for each address, one a line")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="SHEET.pdf", help="tickets to cut out")
    ] = None,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="nobody joins any more with the codes handed out")
    ] = False,
    only: Annotated[str, typer.Option(metavar="CODE", help="with --revoke: this one alone")] = "",
    language: Annotated[Literal["fr", "en"], typer.Option(help="of the sheet")] = "fr",
    as_json: AsJson = False,
) -> None:
    """Make codes for homes; whoever texts INSCRIPTION CODE NAME joins at once.

    They cannot be shown again: print them, or write them down, now.
    """
    context = of(ctx)
    if revoke:
        _revoke(context, community, only)
        return
    wanted = _homes(homes, addresses)
    with context.begin() as session:
        found = community_named(session, community)
        issued = _issue(context, session, found, wanted)
        if out is not None:  # before the commit: codes that nobody has are not made
            _print(out, _pdf(context, session, found.name, (language, issued)))
    rows = [_row(found, one) for one in issued]
    if as_json or out is None:
        emit(rows, as_json=as_json, columns=COLUMNS)
    else:
        say(f"{len(rows)} codes for {found.name} printed to {out}; keep it as you keep keys")


def _homes(homes: int, addresses: Path | None) -> list[str]:
    if (homes > 0) == (addresses is not None):
        raise CommandError("say for whom: --homes N, or --addresses FILE with one address a line")
    if addresses is None:
        return [""] * homes
    lines = [line.strip() for line in read_text(addresses).splitlines()]
    wanted = [line for line in lines if line]
    if not wanted:
        raise CommandError(f"{addresses}: no address in it")
    return wanted


def _issue(
    context: Context, session: Session, community: Community, homes: Sequence[str]
) -> list[Issued]:
    from community_store import home_codes
    from community_store.columns import utcnow

    secret = context.settings.secret_key()
    return home_codes.issue(session, community, homes, secret=secret, now=utcnow())


def _pdf(
    context: Context, session: Session, community: str, sheet: tuple[str, Sequence[Issued]]
) -> bytes:
    from commands.code_sheet import Sheet, pdf
    from dispatch import senders
    from gateway import numbers

    number = senders.answerable(session)
    if not number:
        raise CommandError("no number to text: add one with `tocsin number add`")
    language, issued = sheet
    printed = numbers.national(number) if number.startswith("+") else number
    return pdf(context.settings, Sheet(community, printed, language), issued)


def _print(out: Path, document: bytes) -> None:
    """Only its owner may read the file, since every code opens a door."""
    out.touch(mode=0o600)
    out.chmod(0o600)
    out.write_bytes(document)


def _revoke(context: Context, community: str, only: str) -> None:
    from community_store import home_codes
    from community_store.columns import utcnow

    with context.begin() as session:
        found = community_named(session, community)
        codes = home_codes.live(session, found, utcnow())
        if only:
            kept = home_codes.digest("".join(only.split()), context.settings.secret_key())
            codes = [code for code in codes if code.digest == kept]
            if not codes:
                raise CommandError(f"{found.name} has no such code that is still good")
        count = home_codes.revoke(codes, utcnow())
    say(f"{count} codes of {found.name} revoked; who joined with them stays")


def _row(community: Community, issued: Issued) -> dict[str, Any]:
    return {
        "code": issued.code,
        "address": issued.address,
        "community": community.name,
        "community_id": community.id,
        "expires_at": issued.expires_at.isoformat(),
    }
