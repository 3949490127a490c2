"""Redis wiped or away, the database away: texts are kept, sending goes on (R1, R3, R4)."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from tests.acceptance import village
from tests.acceptance.system import NUMBER, Make, System, eventually
from tests.acceptance.village import ANA, BOB, CHLOE, FARID, IRIS, NORA
from tests.emulator.client import Emulator
from tests.rigs.postgres import Postgres, postgres
from tests.rigs.redis import RedisServer, redis_server, valkey_binary

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

RATE = 12.0
CROWD = 60
EVERYBODY = Counter([BOB, CHLOE, FARID, IRIS, NORA]) + Counter(
    village.crowd(n) for n in range(CROWD)
)
LIMITS = {"per_member_hour": 1000, "per_community_hour": 1000, "answers_max": 1000}
REST = 10 + EVERYBODY.total() / RATE


@dataclass(frozen=True)
class Stand:
    system: System
    redis: RedisServer
    database: Postgres
    emulator: Emulator


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server(valkey_binary()) as server:
        yield server


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres(durable=True) as server:
        server.create("tocsin")
        yield server


@pytest.fixture(scope="module")
def installed(
    make_system: Make, redis: RedisServer, database: Postgres, emulator_process: Emulator
) -> System:
    keys = {"type": "twilio", "api_base": emulator_process.url}
    keys |= {"account_sid": emulator_process.account_sid, "auth_token": emulator_process.auth_token}
    system = make_system(
        empty=True,
        database={"url": database.url("tocsin")},
        redis={"url": redis.url},
        alerts=LIMITS,
        **{"gateway.twilio": keys},
    )
    system.tocsin("init")
    system.tocsin("number", "add", NUMBER, "--gateway", "twilio", "--rate", str(RATE))
    system.tocsin("town", "add", "2A004", "Ville-Haute")
    system.tocsin("town", "add", "01001", "Le Bourg")
    system.tocsin("community", "import", str(village.write_communities(system.folder)))
    system.tocsin("member", "import", str(village.write_members(system.folder)))
    system.tocsin("member", "suspend", village.HUGO)
    system.tocsin("member", "import", str(village.write_crowd(system.folder, CROWD)))
    return system.up()


@pytest.fixture
def stand(installed: System, redis: RedisServer, database: Postgres, emulator: Emulator) -> Stand:
    emulator.settings(webhook=f"{installed.url}/webhooks/twilio")
    return Stand(installed, redis, database, emulator)


def tell(stand: Stand) -> str:
    words = f"Camionnette blanche {uuid4().hex[:8]}"
    assert stand.emulator.inbound(ANA, NUMBER, words)[1] == [200]
    return words


def heard(stand: Stand, words: str) -> Counter[str]:
    return Counter(m["to"] for m in stand.emulator.ledger("accepted") if words in m["body"])


def midway(stand: Stand) -> str:
    words = tell(stand)
    eventually(lambda: heard(stand, words).total() >= 12, "a part has gone out")
    return words


def all_have_it_once(stand: Stand, words: str, seconds: float = REST) -> None:
    eventually(lambda: heard(stand, words) >= EVERYBODY, "the rest goes out", seconds)
    eventually(
        lambda: not stand.system.states().keys() & {"queued", "sending", "unknown"},
        "all is settled",
        30,
    )
    assert heard(stand, words) == EVERYBODY


def test_redis_is_wiped_during_a_send(stand: Stand) -> None:
    words = midway(stand)
    with stand.redis.client() as client:
        client.flushall()
    all_have_it_once(stand, words)


def test_redis_is_away_for_ten_seconds(stand: Stand) -> None:
    words = midway(stand)
    stand.redis.process.kill()
    killed = time.monotonic()
    try:
        before = heard(stand, words).total()
        eventually(
            lambda: heard(stand, words).total() > before + 3, "sending goes on without Redis"
        )
        later = tell(stand)
        eventually(lambda: heard(stand, later), "a text is read and sent without Redis", 20)
        assert stand.system.get("/readyz").status == 503
        eventually(lambda: time.monotonic() > killed + 10, "ten seconds have passed", 20)
    finally:
        stand.redis.restart()
    all_have_it_once(stand, words)
    all_have_it_once(stand, later)
    eventually(lambda: stand.system.ready, "the service is ready", 20)


def test_the_database_is_away_when_a_text_comes(stand: Stand) -> None:
    stand.database.process.stop(signal.SIGINT)
    try:
        words = tell(stand)
        assert stand.system.get("/readyz").status == 503
        assert stand.system.get("/metrics").status == 200
    finally:
        stand.database.process.start()
        stand.database.wait()
    eventually(lambda: heard(stand, words), "it goes out within 10 s of the database's return", 10)
    all_have_it_once(stand, words)


def test_the_database_restarts_during_a_send(stand: Stand) -> None:
    words = midway(stand)
    stand.database.restart()
    all_have_it_once(stand, words)
