"""A real OpenID Connect provider (oidc-provider, on Node) that knows where people live."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from tests.rigs.debian import program
from tests.rigs.processes import Process, free_port, listening, running, short_folder

ROOT = Path(__file__).parent.parent.parent
CLIENT, SECRET = "tocsin", "a secret of the tests"
ACTION = re.compile(r'<form[^>]*action="([^"]+)"')


@dataclass(frozen=True)
class OpenIDProvider:
    """`section` is its part of a configuration; `visit` what a person does there."""

    issuer: str

    @property
    def section(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "client_id": CLIENT, "client_secret": SECRET,
            "label": "MiTrust",
        }  # fmt: skip

    def visit(self, url: str, login: str, *, back: str) -> str:
        """Sign in as `login` and agree, as a browser does; the address that leads `back`."""
        with requests.Session() as browser:
            page = browser.get(url, allow_redirects=False, timeout=10)
            for _ in range(12):
                if page.is_redirect:
                    url = urljoin(url, page.headers["Location"])
                    if url.startswith(back):
                        return url
                    page = browser.get(url, allow_redirects=False, timeout=10)
                    continue
                action = ACTION.search(page.text)
                assert action, (page.status_code, page.text[:400])
                form = {"login": login, "password": "any"} if 'name="login"' in page.text else {}
                prompt = "login" if form else "consent"
                url = urljoin(url, action[1])
                page = browser.post(
                    url, data={"prompt": prompt, **form}, allow_redirects=False, timeout=10
                )
        raise AssertionError(f"it does not lead back: {url}")


@contextlib.contextmanager
def openid_provider(
    people: Mapping[str, Mapping[str, Any]], redirect_uris: list[str]
) -> Iterator[OpenIDProvider]:
    """Install it where it is missing and serve; `people` has the claims of each login."""
    node, _ = program("node", "nodejs"), program("npm", "npm")
    subprocess.run([ROOT / "scripts" / "openid-provider.sh"], check=True)
    port = free_port()
    told = {
        "port": port, "client_id": CLIENT, "client_secret": SECRET,
        "redirect_uris": redirect_uris, "people": people,
    }  # fmt: skip
    argv = [node, str(ROOT / "build" / "openid" / "provider.mjs"), json.dumps(told)]
    with short_folder() as folder:
        process = Process(argv, folder / "log", cwd=folder)
        with running(process):
            process.wait_for(lambda: listening(port), "the OpenID provider answers")
            yield OpenIDProvider(f"http://127.0.0.1:{port}")
