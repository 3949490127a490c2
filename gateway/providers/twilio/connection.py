"""The connection that the SDK sends by: time-outs, another host, Retry-After."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from yarl import URL

from gateway import http
from gateway.contract import NotNow

THROTTLED = 429
ONE_RECIPIENT = "14107"  # has had too many; the number may go on to others


class Connection(AsyncHttpClient):  # type: ignore[misc]  # the SDK is untyped
    """How the SDK reaches Twilio, or what stands in its place at `base`. Never retries."""

    def __init__(self, base: str, timeout: float) -> None:
        super().__init__(logging.getLogger("twilio"), True, timeout)
        self._base = base.rstrip("/")
        self._bases: dict[str, URL] = {}
        self._session = http.session(timeout)

    async def request(  # noqa: PLR0917 - the SDK's signature
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
        allow_redirects: bool = False,
    ) -> Response:
        """One call. Raises NotNow for a 429, whose Retry-After the SDK does not pass on."""
        async with self._session.request(
            method,
            self._rewritten(url, params),
            data=_encoded(data).encode() if data else None,
            headers={**(headers or {}), **_authorization(auth)},
            allow_redirects=allow_redirects,
        ) as answer:
            text = (await http.whole(answer)).decode()
            if answer.status == THROTTLED:
                raise _throttled(text, answer.headers.get("Retry-After"))
            return Response(answer.status, text, answer.headers)

    def _rewritten(self, url: str, params: Mapping[str, object] | None) -> URL:
        """The same path on our host; what the SDK asks for is parsed once."""
        base = self._bases.get(url)
        if base is None:
            parts = urlsplit(url)
            query = f"?{parts.query}" if parts.query else ""
            base = URL(f"{self._base}{parts.path}{query}", encoded=True)
            if not params:  # the address for sending; others are too many to keep
                self._bases = {url: base}
        return base.extend_query({k: str(v) for k, v in params.items()}) if params else base

    async def close(self) -> None:
        await self._session.close()


def _encoded(data: Mapping[str, object]) -> str:
    """A form, by yarl: four times as fast as urllib, which cost a tenth of a message."""
    return URL.build(path="/", query=data).raw_query_string  # type: ignore[arg-type]


def _authorization(auth: tuple[str, str] | None) -> dict[str, str]:
    if auth is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(auth).encode()).decode()}


def _throttled(text: str, header: str | None) -> NotNow:
    try:
        code = str(json.loads(text)["code"])
    except (ValueError, LookupError, TypeError):
        code = str(THROTTLED)
    if code == ONE_RECIPIENT:
        delay = http.retry_after(header, default=5.0)
        return NotNow("too many messages to this number", code=code, delay=delay)
    delay = http.retry_after(header, default=1.0)
    return NotNow("too many requests", code=code, delay=delay, throttled=True)
