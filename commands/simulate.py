"""`tocsin simulate`: be a phone of the simulator, from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from commands.context import AsJson, CommandError, Context, emit, of, say

if TYPE_CHECKING:
    from gateway.providers.simulator import Phones

app = typer.Typer(no_args_is_help=True, help="Phones and mailboxes of the simulator.")


@app.command()
def text(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    sender: Annotated[str, typer.Option("--from", help="the phone, in E.164")],
    to: Annotated[str, typer.Option(help="the number texted; the default one when left out")] = "",
) -> None:
    """Send a text from a phone, as if it had come from the operator."""
    from commands.alert import open_
    from dispatch import senders
    from dispatch.intake import receive
    from gateway import numbers
    from gateway.contract import Inbound

    context = of(ctx)
    gateway = _gateway(context)
    phone = numbers.parse(sender).e164
    runtime = open_(context)
    with context.read() as session:
        recipient = to or senders.answerable(session)
    if not recipient:
        raise CommandError("no number to text: add one with `tocsin number add`")
    inbound = Inbound(id=uuid4().hex, sender=phone, recipient=recipient, text=text)
    _phones(context).sent(phone, recipient, text, inbound.id)
    receive(runtime, gateway, inbound)
    runtime.close()
    say("sent")


@app.command()
def inbox(
    ctx: typer.Context,
    phone: Annotated[str, typer.Argument(metavar="E164")],
    as_json: AsJson = False,
) -> None:
    """Show what a phone sent and received, oldest first."""
    from gateway import numbers

    context = of(ctx)
    _gateway(context)
    messages = _phones(context).messages(numbers.parse(phone).e164)
    emit(messages, as_json=as_json, columns=("at", "direction", "peer", "segments", "text"))


@app.command()
def mail(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show the mail that was written to the folder, oldest first."""
    from web import mailbox

    context = of(ctx)
    folder = mailbox.folder(context.settings.mail_url)
    if folder is None:
        raise CommandError("[mail] url is not a maildir: the mail went to the SMTP server")
    letters = mailbox.read(folder)
    emit(
        [{"to": m.to, "subject": m.subject, "text": m.text, "at": m.at} for m in letters],
        as_json=as_json,
        columns=("at", "to", "subject"),
    )


def _gateway(context: Context) -> str:
    for name, section in context.settings.gateway.items():
        if section.type == "simulator":
            return name
    raise CommandError('no gateway of type "simulator" in the configuration')


def _phones(context: Context) -> Phones:
    from gateway.providers.simulator import Phones

    return Phones(context.settings.data_dir / "simulator.db")
