"""What a digest of the gazette says. It has no words for a telephone: it is never texted."""

from __future__ import annotations

from collections.abc import Sequence

from community_store.models import Every, GazetteEntry
from config import Settings
from dispatch.catalogue import say
from dispatch.envelope import HOW_TO_STOP
from dispatch.wording import Words

SHOWN = 15  # entries; the page has the others
EXCERPT = 160  # characters


def words(
    settings: Settings, language: str, community: str, new: tuple[Every, Sequence[GazetteEntry]]
) -> Words:
    """The digest of a community, without its authors' names: they stand on the page."""
    every, entries = new
    site = settings.service.site
    known: dict[str, object] = {
        "service": settings.service.name,
        "site": site,
        "community": community,
        "count": len(entries),
        "entries": "\n\n".join(_entry(site, language, one) for one in entries[:SHOWN]),
        "more": _more(language, len(entries) - SHOWN),
        "often": say(language, "mail", f"gazette_digest_{every}"),
        "link": f"{site}/gazette/",
        "stop": HOW_TO_STOP,
    }
    number = "one" if len(entries) == 1 else "many"
    return Words(
        sms="",
        segments=0,
        subject=say(language, "mail", f"gazette_digest_subject_{number}", **known),
        mail=say(language, "mail", "gazette_digest_body", **known),
    )


def _entry(site: str, language: str, entry: GazetteEntry) -> str:
    return say(
        language,
        "mail",
        "gazette_digest_entry",
        kind=say(language, "gazette", f"gazette.kind.{entry.kind}"),
        title=entry.title,
        text=excerpt(entry.text),
        link=f"{site}/gazette/{entry.id}",
    )


def _more(language: str, count: int) -> str:
    if count <= 0:
        return ""
    number = "one" if count == 1 else "many"
    return "\n\n" + say(language, "mail", f"gazette_digest_more_{number}", count=count)


def excerpt(text: str) -> str:
    """The beginning of a text in one line, cut between two words."""
    line = " ".join(text.split())
    if len(line) <= EXCERPT:
        return line
    return line[:EXCERPT].rsplit(" ", 1)[0].rstrip(",.;: ") + "…"
