"""`tocsin wording`: what each message says, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from commands.context import AsJson, Context, emit, of, say

if TYPE_CHECKING:
    from dispatch.specimens import Specimen

COLUMNS = ("id", "encoding", "characters", "segments", "price", "text")


def wording(
    ctx: typer.Context,
    language: Annotated[Literal["fr", "en"], typer.Option()] = "fr",
    as_json: AsJson = False,
) -> None:
    """Show every SMS with long names in it: its text, size, segments and price.

    The price is that of the default number, for one person. `warning` says which takes
    more than one segment.
    """
    from dispatch.specimens import specimens

    context = of(ctx)
    price = _price(context)
    rows = [_row(one, price) for one in specimens(context.settings, language)]
    emit(rows, as_json=as_json, columns=COLUMNS)
    for row in rows:
        if row["warning"] and not as_json:
            say(f"{row['id']}: {row['warning']}")


def _price(context: Context) -> float:
    from dispatch.senders import senders

    with context.read() as session:
        number = senders(session).of(0)
        return number.price if number else 0.0


def _row(specimen: Specimen, price: float) -> dict[str, Any]:
    size = specimen.size
    return {
        "id": specimen.id,
        "encoding": size.encoding,
        "characters": size.units,
        "segments": size.segments,
        "price": round(size.segments * price, 4),
        "warning": f"{size.segments} segments with long names" if size.segments > 1 else "",
        "text": specimen.text,
    }
