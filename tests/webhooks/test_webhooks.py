"""What a webhook answers, and what it leaves behind (interfaces.md, HTTP)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from app import create_app
from community_store.models import Alert, InboundText, Number, ReceiptRow
from community_store.models import DeliveryState as State
from community_store.store import Store, open_store
from dispatch import inbound
from dispatch.housekeeping import Housekeeping
from dispatch.spool import Spool
from gateway.contract import Accepted, Inbound
from tests.dispatch.world import NUMBER, World, make_world, mobile
from tests.rigs.processes import free_port

pytestmark = pytest.mark.both

SITE = "https://tocsin.example"
TWILIO = {"type": "twilio", "account_sid": "ACfiction", "auth_token": "token-now",
          "auth_token_previous": "token-before"}  # fmt: skip
KANNEL = {"type": "kannel", "sendsms_url": "http://127.0.0.1:1/", "username": "u", "password": "p",
          "token": "kannel-token"}  # fmt: skip
GATEWAYS = {"sim": {"type": "simulator"}, "tw": TWILIO, "kn": KANNEL}
FROM = mobile(7)
FORM = {
    "AccountSid": "ACfiction",
    "MessageSid": "SM1",
    "From": FROM,
    "To": NUMBER,
    "Body": "Au feu",
}


@pytest.fixture
def site(store: Store, redis_url: str, tmp_path: Any) -> Iterator[World]:
    """A world with a gateway of each kind."""
    with make_world(store, redis_url, tmp_path, gateway=GATEWAYS) as world:
        world.number(NUMBER)
        yield world


@pytest.fixture
def lone(sqlite_store: Store, redis_url: str, tmp_path: Any) -> Iterator[World]:
    """The same on SQLite only."""
    with make_world(sqlite_store, redis_url, tmp_path, gateway=GATEWAYS) as world:
        world.number(NUMBER)
        yield world


def client(world: World) -> FlaskClient:
    return create_app(world.settings, world.runtime).test_client()


def twilio(
    world: World,
    form: Mapping[str, str] = FORM,
    path: str = "/webhooks/tw/sms",
    *,
    token: str = "token-now",
    signed_for: str = SITE,
    **options: Any,
) -> TestResponse:
    signature = RequestValidator(token).compute_signature(signed_for + path, dict(form))
    headers = {"X-Twilio-Signature": signature} | options.pop("headers", {})
    return client(world).post(path, data=dict(form), headers=headers, **options)


def kannel(world: World, path: str = "sms", method: str = "GET", **values: Any) -> TestResponse:
    query = {"token": "kannel-token", "from": FROM, "to": NUMBER, "text": "Au feu", "id": "K1"}
    return client(world).open(f"/webhooks/kn/{path}?{urlencode(query | values)}", method=method)


def simulator(world: World, **values: Any) -> TestResponse:
    document = {"from": FROM, "to": NUMBER, "text": "Au feu", "id": "S1"} | values
    return client(world).post("/webhooks/sim/sms", json=document)


def texts(world: World) -> list[tuple[str, str, str, str]]:
    rows = world.rows(InboundText)
    return [(row.gateway, row.gateway_id, row.sender, row.text) for row in rows]


# safely stored


def test_each_kind_of_gateway_stores_one_row_and_answers_2xx(site: World) -> None:
    for answer in (twilio(site), kannel(site), simulator(site)):
        assert answer.status_code == 200
    assert texts(site) == [
        ("tw", "SM1", FROM, "Au feu"),
        ("kn", "K1", FROM, "Au feu"),
        ("sim", "S1", FROM, "Au feu"),
    ]


def test_twilio_is_told_nothing_and_kannel_gets_nothing_to_send(lone: World) -> None:
    answer = twilio(lone)
    assert (answer.mimetype, answer.text) == ("text/xml", "<Response/>")
    assert kannel(lone).text == ""


@pytest.mark.parametrize("call", [twilio, kannel, simulator])
def test_the_same_call_again_is_2xx_and_no_second_row(lone: World, call: Any) -> None:
    assert [call(lone).status_code for _ in range(3)] == [200] * 3
    assert len(texts(lone)) == 1


def test_a_kannel_without_ids_loses_no_text(site: World) -> None:
    for text in ("Au feu", "Une fuite de gaz", "Au feu"):
        assert kannel(site, id="", text=text).status_code == 200
    assert [text for *_, text in texts(site)] == ["Au feu", "Une fuite de gaz", "Au feu"]
    outcomes = [inbound.read(site.runtime, row.id) for row in site.rows(InboundText)]
    assert outcomes == ["unknown_sender", "unknown_sender", "duplicate"]


def test_a_text_may_be_posted_in_kannel_s_own_charset(lone: World) -> None:
    body = urlencode(
        {"from": FROM, "to": NUMBER, "id": "K2", "charset": "UTF-16BE", "text": b""}
    ) + "".join(f"%{byte:02X}" for byte in "Été à la forêt 🌲".encode("utf-16-be"))
    answer = client(lone).post(
        "/webhooks/kn/sms?token=kannel-token",
        data=body,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200
    assert texts(lone)[0][3] == "Été à la forêt 🌲"


@pytest.mark.parametrize(
    "text",
    ["", "é€ç", "🔥", "a\x00b", "\u202eabc", "+& %=;", "x" * 5000, "ligne 1\nligne 2"],
)
def test_any_text_is_kept_as_it_is(site: World, text: str) -> None:
    form = FORM | {"Body": text}
    answers = [twilio(site, form), kannel(site, text=text), simulator(site, text=text)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert {kept for *_, kept in texts(site)} == {text.replace("\x00", "")}


def test_fifty_calls_at_once_are_one_row_and_one_alert(site: World) -> None:
    author, _ = site.members(site.community(), 2)
    form = FORM | {"From": author.mobile or ""}
    codes: list[int] = []
    app = create_app(site.settings, site.runtime)  # one, as in a process
    signature = RequestValidator("token-now").compute_signature(f"{SITE}/webhooks/tw/sms", form)
    headers = {"X-Twilio-Signature": signature}

    def call() -> None:
        for _ in range(10):
            answer = app.test_client().post("/webhooks/tw/sms", data=form, headers=headers)
            codes.append(answer.status_code)

    threads = [threading.Thread(target=call) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 50
    (row,) = site.rows(InboundText)
    assert inbound.read(site.runtime, row.id) == "alert"
    assert len(site.rows(Alert)) == 1


# refused

UNSIGNED = {"X-Twilio-Signature": ""}


@pytest.mark.parametrize("path", ["sms", "status"])
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("POST", {"data": FORM}),
        ("POST", {"data": FORM, "headers": UNSIGNED}),
        ("POST", {"data": FORM, "headers": {"X-Twilio-Signature": "AAAA"}}),
        ("POST", {"data": FORM, "headers": {"X-Twilio-Signature": "é"}}),
        ("POST", {"json": FORM}),
        ("POST", {"data": b"\xff\xfe", "content_type": "application/x-www-form-urlencoded"}),
        ("POST", {"data": b"--x", "content_type": "multipart/form-data; boundary=x"}),
        ("POST", {}),
        ("GET", {"query_string": FORM}),
        ("PUT", {"data": FORM}),
        ("PATCH", {"data": FORM}),
        ("DELETE", {}),
        ("HEAD", {}),
    ],
)
def test_twilio_s_calls_that_are_not_signed_are_403(
    lone: World, path: str, method: str, options: dict[str, Any]
) -> None:
    answer = client(lone).open(f"/webhooks/tw/{path}", method=method, **options)
    assert answer.status_code == 403
    assert texts(lone) == []
    assert lone.rows(ReceiptRow) == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, 200),
        ({"token": "token-before"}, 200),
        ({"token": "another"}, 403),
        ({"token": ""}, 403),
        ({"signed_for": "http://127.0.0.1:8000"}, 403),
        ({"signed_for": "https://evil.example"}, 403),
        ({"form": FORM | {"AccountSid": "ACother"}}, 403),
    ],
)
def test_what_twilio_s_signature_must_cover(
    lone: World, options: dict[str, Any], code: int
) -> None:
    assert twilio(lone, **options).status_code == code
    assert len(texts(lone)) == (1 if code == 200 else 0)


def test_forwarded_headers_do_not_move_the_signed_address(lone: World) -> None:
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Prefix": "/evil",
        "Host": "evil.example",
    }
    assert twilio(lone, headers=headers).status_code == 200
    answer = twilio(lone, signed_for="https://evil.example", headers=headers)
    assert answer.status_code == 403


def test_a_query_is_part_of_what_is_signed(lone: World) -> None:
    path = "/webhooks/tw/status?d=1&a=1"
    form = FORM | {"MessageStatus": "sent"}
    signature = RequestValidator("token-now").compute_signature(SITE + path, form)
    for called, code in ((path, 200), ("/webhooks/tw/status?d=2&a=1", 403)):
        answer = client(lone).post(called, data=form, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == code


@pytest.mark.parametrize("path", ["sms", "dlr"])
@pytest.mark.parametrize(
    ("method", "token", "code"),
    [
        ("GET", "wrong", 403),
        ("GET", "", 403),
        ("GET", "kannel-tokené", 403),
        ("PUT", "kannel-token", 403),
        ("DELETE", "kannel-token", 403),
        ("GET", "kannel-token", 200),
        ("POST", "kannel-token", 200),
    ],
)
def test_kannel_s_token(lone: World, path: str, method: str, token: str, code: int) -> None:
    answer = kannel(lone, path, method, token=token, type="1")
    assert answer.status_code == code
    assert bool(texts(lone)) is (code == 200 and path == "sms")


@pytest.mark.parametrize(
    ("gateway", "path", "options"),
    [
        ("kn", "sms", {"query_string": {"token": "kannel-token"}}),
        ("kn", "sms", {"query_string": {"token": "kannel-token", "from": FROM}}),
        ("kn", "sms", {"query_string": {
            "token": "kannel-token", "from": FROM, "to": "1", "text": "x", "charset": "no-such"}}),
        ("kn", "dlr", {"query_string": {"token": "kannel-token"}}),
        ("kn", "dlr", {"query_string": {"token": "kannel-token", "type": "é"}}),
        ("sim", "sms", {"data": "{", "content_type": "application/json"}),
        ("sim", "sms", {"data": b"\xff", "content_type": "application/json"}),
        ("sim", "sms", {"data": "[" * 100_000, "content_type": "application/json"}),
        ("sim", "sms", {"json": []}),
        ("sim", "sms", {"json": {"from": FROM, "to": NUMBER, "text": "x"}}),
        ("sim", "sms", {"json": {"from": FROM, "to": NUMBER, "text": 3, "id": "S1"}}),
        ("sim", "sms", {"json": {"from": FROM, "to": NUMBER, "text": "\ud800", "id": "S1"}}),
        ("sim", "sms", {"json": {"from": FROM, "to": NUMBER, "text": "x", "id": "\udfff"}}),
        ("sim", "sms", {"json": {"from": "", "to": NUMBER, "text": "x", "id": "S1"}}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_400(
    lone: World, gateway: str, path: str, options: dict[str, Any]
) -> None:
    answer = client(lone).post(f"/webhooks/{gateway}/{path}", **options)
    assert answer.status_code == 400
    assert texts(lone) == []


@pytest.mark.parametrize("missing", ["MessageSid", "From", "To", "Body"])
def test_a_signed_text_without_a_field_is_400(lone: World, missing: str) -> None:
    form = {name: value for name, value in FORM.items() if name != missing}
    assert twilio(lone, form).status_code == 400
    assert texts(lone) == []


def test_a_signed_text_to_a_number_that_is_not_ours_is_403(lone: World) -> None:
    assert twilio(lone, FORM | {"To": "+33937999999"}).status_code == 403
    assert texts(lone) == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_simulator_takes_posted_json_only(lone: World, method: str) -> None:
    assert client(lone).open("/webhooks/sim/sms", method=method).status_code == 403
    assert client(lone).post("/webhooks/sim/sms", data=FORM).status_code == 403


@pytest.mark.parametrize(
    "path", ["/webhooks/nobody/sms", "/webhooks/mail/sms", "/webhooks/tw/nothing", "/webhooks/"]
)
def test_what_does_not_exist_is_404(lone: World, path: str) -> None:
    assert client(lone).post(path, data=FORM).status_code == 404
    assert client(lone).get(path).status_code == 404


def test_a_body_that_is_too_large_is_refused_before_it_is_read(lone: World) -> None:
    large = "x" * (1024 * 1024 + 1)
    assert twilio(lone, FORM | {"Body": large}).status_code == 413
    assert simulator(lone, text=large).status_code == 413
    assert texts(lone) == []


# receipts


def told(world: World) -> int:
    (number,) = world.rows(Number)
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    (claimed,) = world.claim(number)
    world.settle(claimed, Accepted("SM9"))
    return claimed.id


def receipt(world: World, status: str, query: str = "", **more: str) -> int:
    form = {"AccountSid": "ACfiction", "MessageSid": "SM9", "MessageStatus": status} | more
    path = "/webhooks/tw/status" + (f"?{query}" if query else "")
    return twilio(world, form, path).status_code


def as_gateway(world: World, delivery: int, gateway: str) -> None:
    world.change(world.delivery(id=delivery), gateway=gateway)


def test_receipts_move_a_delivery_forward_and_unknown_words_do_not(site: World) -> None:
    delivery = told(site)
    as_gateway(site, delivery, "tw")
    own = f"d={delivery}&a=1"
    for status, state in (
        ("queued", State.ACCEPTED), ("sent", State.SENT), ("no-such-word", State.SENT),
        ("delivered", State.DELIVERED), ("sent", State.DELIVERED),
    ):  # fmt: skip
        assert receipt(site, status, own) == 200
        assert site.delivery(id=delivery).state == state


def test_a_receipt_finds_its_delivery_by_the_provider_s_id_too(site: World) -> None:
    delivery = told(site)
    as_gateway(site, delivery, "tw")
    assert receipt(site, "undelivered", ErrorCode="30003") == 200
    found = site.delivery(id=delivery)
    assert found.state == State.UNDELIVERED
    assert found.reason


@pytest.mark.parametrize(
    "query",
    ["", "d=999999&a=1", "d=999999999999999999&a=99999999999999", "d=x&a=y", "d=-1&a=-1", "d=1"],
)
def test_a_receipt_for_nothing_of_ours_is_2xx(site: World, query: str) -> None:
    assert receipt(site, "delivered", query, MessageSid="SMnobody") == 200
    assert kannel(site, "dlr", type="1", d="999999999999", a="99999999999999").status_code == 200


def test_another_gateway_s_receipt_does_not_touch_a_delivery(lone: World) -> None:
    delivery = told(lone)  # of the gateway "sim"
    assert receipt(lone, "delivered", f"d={delivery}&a=1") == 200
    assert lone.delivery(id=delivery).state == State.ACCEPTED


def test_kannel_s_reports(site: World) -> None:
    delivery = told(site)
    as_gateway(site, delivery, "kn")
    for kind, state in (("8", State.ACCEPTED), ("4", State.ACCEPTED), ("1", State.DELIVERED)):
        assert kannel(site, "dlr", type=kind, d=delivery, a=1).status_code == 200
        assert site.delivery(id=delivery).state == state


@pytest.mark.parametrize("poison", ["\x00", "a\x00b", "x" * 3000, "\U0010ffff"])
def test_no_receipt_is_poison(site: World, poison: str) -> None:
    assert receipt(site, "failed", MessageSid=poison, ErrorCode=poison) == 200


# the database is away


def away(world: World) -> World:
    """The same site with a database that nobody can reach."""
    gone = open_store(f"postgresql://postgres@127.0.0.1:{free_port()}/tocsin")
    return replace(world, runtime=replace(world.runtime, store=gone))


def test_with_the_database_away_a_text_is_kept_on_disk_and_replayed_once(site: World) -> None:
    author, neighbour = site.members(site.community(), 2)
    gone = away(site)
    form = FORM | {"From": author.mobile or "", "Body": "Fumée ✨\x00 au 12"}
    assert twilio(gone, form).status_code == 200
    assert twilio(gone, form).status_code == 200
    spool = Spool(site.settings.data_dir)
    assert len(spool.waiting()) == 2
    keeper = Housekeeping(site.runtime)
    keeper.tick()
    assert spool.waiting() == []
    (row,) = site.rows(InboundText)
    assert (row.gateway, row.text) == ("tw", "Fumée ✨ au 12")
    assert inbound.read(site.runtime, row.id) == "alert"
    assert site.pump().sent == 2  # the receipt and the alert
    assert len(site.phone(neighbour.mobile or "")) == 1
    keeper.tick()
    assert len(site.rows(InboundText)) == 1
    gone.store.close()


def test_with_the_database_away_forged_calls_are_still_403_and_leave_nothing(lone: World) -> None:
    gone = away(lone)
    assert twilio(gone, token="another").status_code == 403
    assert Spool(lone.settings.data_dir).waiting() == []


def test_a_database_without_tables_spools_too(lone: World, tmp_path: Any) -> None:
    empty = open_store(f"sqlite:///{tmp_path / 'empty.db'}")
    world = replace(lone, runtime=replace(lone.runtime, store=empty))
    assert twilio(world).status_code == 200
    assert len(Spool(lone.settings.data_dir).waiting()) == 1
    empty.close()


def test_a_database_that_may_only_be_read_spools_too(
    postgres_url: str, redis_url: str, tmp_path: Any
) -> None:
    read_only = open_store(f"{postgres_url}?options=-cdefault_transaction_read_only%3Don")
    whole = open_store(postgres_url)
    with make_world(whole, redis_url, tmp_path, gateway=GATEWAYS) as world:
        world.number(NUMBER)
        stuck = replace(world, runtime=replace(world.runtime, store=read_only))
        assert twilio(stuck).status_code == 200
        assert len(Spool(world.settings.data_dir).waiting()) == 1
        Housekeeping(world.runtime).tick()
        assert [row[3] for row in texts(world)] == ["Au feu"]
    read_only.close()
    whole.close()


def test_a_receipt_while_the_database_is_away_is_asked_for_again(lone: World) -> None:
    assert receipt(away(lone), "delivered", "d=1&a=1") >= 500


def test_when_the_disk_fails_too_the_provider_must_call_again(lone: World) -> None:
    (lone.settings.data_dir / "spool").write_text("a file where the folder should be")
    assert twilio(away(lone)).status_code >= 500


def test_a_broken_file_in_the_spool_is_set_aside_and_the_others_go_on(site: World) -> None:
    spool = Spool(site.settings.data_dir)
    spool.keep("tw", Inbound("SM1", FROM, NUMBER, "Au feu"))
    for n, content in enumerate(["", "[]", "{}", "null", '{"sent_at": 3}', "\ud800"]):
        path = spool.folder / f"0000-{n}.json"
        path.write_bytes(content.encode("utf-8", "surrogatepass"))
    spool.keep("tw", Inbound("SM\ud800\x00", "\x00", "\ud800", "Au feu \ud800"))
    rows = list(spool.replay(site.store))
    assert len(rows) == 2
    assert spool.waiting() == []
    assert len(list(spool.folder.glob("*.broken"))) == 6
    assert list(spool.replay(site.store)) == []
