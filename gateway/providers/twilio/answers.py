"""What Twilio's answers hold, also when they hold what they never should."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from gateway.contract import Unknown

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.message import MessageInstance, MessagePage

LONGEST = 200  # characters of an id; Twilio's have 34


def named(sid: object) -> str:
    """The id of what was taken. Raises Unknown: by what is none it could not be asked for."""
    if not (isinstance(sid, str) and 0 < len(sid) <= LONGEST and sid.isprintable()):
        raise Unknown("the answer holds no id")
    return sid


def words(value: object) -> str:
    """What should be words; "" for whatever else came in their place."""
    return value if isinstance(value, str) else ""


async def to_the_end(page: MessagePage | None) -> AsyncIterator[MessageInstance]:
    """Page after page. The SDK would go round for ever with a list that leads back to itself."""
    asked: set[str] = set()
    while page is not None:
        for each in page:
            yield each
        following = page.next_page_url or ""
        if following in asked:
            raise Unknown("the list has no end")
        asked.add(following)
        page = await page.next_page_async()
