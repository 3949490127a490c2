"""What an operator does wrong: one line that says what to do, and nothing half-done."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.acceptance import village
from tests.acceptance.system import NUMBER, Make, System, eventually
from tests.acceptance.village import ANA, BOB, CHLOE
from tests.rigs.processes import free_port

pytestmark = pytest.mark.timeout(180)

LIMITS = {"per_member_hour": 1000, "per_community_hour": 1000, "answers_max": 1000}
HOME = ("--address", "1 rue des Tilleuls", "--lat", "45.1855", "--lon", "5.7255")
BOWTIE = [[5.80, 45.20], [5.81, 45.21], [5.81, 45.20], [5.80, 45.21], [5.80, 45.20]]


@pytest.fixture(scope="module")
def still(make_system: Make) -> System:
    """A village that is not running: for commands that are refused."""
    return make_system()


@pytest.fixture
def broken(make_system: Make, still: System) -> Iterator[System]:
    """The same with a configuration to spoil, made good afterwards."""
    kept = dict(still.sections)
    yield still
    still.sections = kept
    still.configure()


@pytest.fixture(scope="module")
def system(make_system: Make) -> System:
    return make_system(alerts=LIMITS).up()


def boundary(folder: Path, ring: object) -> str:
    path = folder / "boundary.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    return str(path)


def test_a_boundary_that_crosses_itself(still: System) -> None:
    file = boundary(still.folder, BOWTIE)
    said = still.refusal("community", "add", "Noeud", "--town", "2A004", "--boundary", file)
    assert "cross" in said


def test_a_boundary_that_overlaps_another(still: System) -> None:
    ring = village.square((45.1855, 5.7265))["coordinates"]
    assert isinstance(ring, list)
    file = boundary(still.folder, ring[0])
    said = still.refusal("community", "add", "Voisine", "--town", "2A004", "--boundary", file)
    assert "Les Tilleuls" in said
    assert len(still.json("community", "list")) == 3


def test_an_unknown_town(still: System) -> None:
    ring = village.square((45.25, 5.80))["coordinates"]
    assert isinstance(ring, list)
    file = boundary(still.folder, ring[0])
    said = still.refusal("community", "add", "Ailleurs", "--town", "99999", "--boundary", file)
    assert "99999" in said
    assert "town add" in said


def test_a_number_that_is_not_french(still: System) -> None:
    names = ("--first-name", "John", "--last-name", "Smith")
    said = still.refusal("member", "add", *names, "--mobile", "+447700900123", *HOME)
    assert "--mobile" in said
    assert "John" not in still.tocsin("member", "list", "--json")


def test_bad_rows_of_a_csv_file_stay_out_and_are_named_by_line(still: System) -> None:
    rows = ["first_name,last_name,mobile,email,lat,lon"]
    rows += ["Zoé,Bonne,0639987001,,45.1855,5.7255", "Yann,Mauvais,12,,45.1855,5.7255"]
    rows += ["Xavier,Muet,,,45.1855,5.7255"]
    file = still.folder / "people.csv"
    file.write_text("\n".join(rows) + "\n")
    none = still.run("member", "import", str(file), "--all-or-nothing")
    assert none.code == 1
    assert "none was added" in none.err
    assert "Zoé" not in still.tocsin("member", "list", "--json")
    some = still.run("member", "import", str(file))
    assert some.code == 1
    assert [line.split(":")[0] for line in some.err.splitlines()[:2]] == ["line 3", "line 4"]
    assert "2 of 3 rows were refused" in some.err
    listed = still.tocsin("member", "list", "--json")
    assert "Zoé" in listed
    assert "Yann" not in listed


def test_an_unknown_key_in_the_configuration(broken: System) -> None:
    broken.configure(dispatch={"concurency": 3})
    said = broken.refusal("number", "list")
    assert "[dispatch] concurency" in said
    assert "unknown key" in said
    assert "[dispatch] concurency" in broken.refusal("up", "--port", str(free_port()))


def test_a_missing_secret(broken: System) -> None:
    broken.configure(**{"gateway.twilio": {"type": "twilio", "account_sid": "AC1"}})
    assert "[gateway.twilio] auth_token" in broken.refusal("number", "list")


def test_a_wrong_value_from_the_environment(still: System) -> None:
    said = still.refusal("number", "list", TOCSIN__DISPATCH__WORKERS="many")
    assert "[dispatch] workers" in said
    assert "NOSUCH" in still.refusal("number", "list", TOCSIN__NOSUCH__KEY="1")


def test_an_unknown_gateway(still: System) -> None:
    said = still.refusal("number", "add", "38001", "--gateway", "nosuch", "--rate", "1")
    assert "nosuch" in said
    assert len(still.json("number", "list")) == 1


def test_a_wrong_option_is_a_wrong_usage(still: System) -> None:
    assert still.run("number", "add", "38001").code == 2


def test_doctor_names_what_does_not_answer(broken: System) -> None:
    keys = {"type": "kannel", "username": "u", "password": "p", "token": "t"}
    keys["sendsms_url"] = f"http://127.0.0.1:{free_port()}/cgi-bin/sendsms"
    redis = {"url": f"redis://127.0.0.1:{free_port()}/0"}
    mail = {"url": f"smtp://127.0.0.1:{free_port()}"}
    broken.configure(redis=redis, mail=mail, **{"gateway.kannel": keys})
    done = broken.run("doctor", "--json")
    assert done.code == 1
    found = {row["check"]: row["result"] for row in json.loads(done.out)}
    faults = {check for check, result in found.items() if result == "FAULT"}
    assert {"redis", "gateway kannel", "gateway mail"} <= faults
    assert found["database"] == found["configuration"] == "ok"


def test_a_port_in_use(still: System) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert port in still.refusal("up", "--port", port)


def test_a_folder_for_data_that_cannot_be_written(broken: System) -> None:
    (broken.folder / "file").write_text("no folder")
    broken.configure(service={"data_dir": str(broken.folder / "file")})
    for command in (("up", "--port", str(free_port())), ("init",)):
        said = broken.refusal(*command)
        assert str(broken.folder / "file") in said


def test_redis_that_is_missing_is_named_and_texts_go_out_all_the_same(make_system: Make) -> None:
    address = f"127.0.0.1:{free_port()}"
    system = make_system(redis={"url": f"redis://{address}/0"}).up(status=503)
    said = (system.folder / "up.log").read_text()
    (first, *_) = [line for line in said.splitlines() if line.startswith("tocsin: ")]
    assert address in first
    assert "[redis] url" in first
    assert "Traceback" not in said
    words = tell(system)
    system.wait_for(words, [BOB, CHLOE])
    assert system.stop() < 30


def test_a_second_start_on_the_same_data(system: System) -> None:
    assert "already runs" in system.refusal("up", "--port", str(free_port()))
    assert system.ready


def tell(system: System) -> str:
    words = f"Bruit suspect {uuid4().hex[:8]}"
    assert system.text(ANA, words) == 200
    return words


def told(system: System) -> int:
    """How many texts have become alerts."""
    return int(system.figure('tocsin_inbound_total{gateway="simulator",outcome="alert"}'))


def test_a_paused_number_holds_its_deliveries_and_resuming_sends_them(system: System) -> None:
    before = told(system)
    system.tocsin("number", "pause", NUMBER)
    words = tell(system)
    eventually(lambda: told(system) > before, "the text has become an alert")
    system.wait_for(words, [], ["bob@mail.example"])
    (row,) = system.json("number", "list")
    assert row["state"] == "paused"
    assert "due" in system.refusal("number", "remove", NUMBER)
    assert not any(words in text for text in system.inbox(BOB))
    system.tocsin("number", "resume", NUMBER)
    system.wait_for(words, [BOB, CHLOE])
    assert system.got(words, [BOB, CHLOE])[BOB] == 1


def test_a_paused_gateway_holds_its_deliveries_and_resuming_sends_them(system: System) -> None:
    before = told(system)
    system.tocsin("queue", "pause", "simulator")
    words = tell(system)
    eventually(lambda: told(system) > before, "the text has become an alert")
    system.wait_for(words, [], ["bob@mail.example"])
    queues = {row["gateway"]: row for row in system.json("queue", "status")}
    assert queues["simulator"]["paused"] is True
    assert queues["simulator"]["due"] >= 5
    assert not any(words in text for text in system.inbox(BOB))
    system.tocsin("queue", "resume", "simulator")
    system.wait_for(words, [BOB, CHLOE])
    assert system.got(words, [BOB, CHLOE])[BOB] == 1


def test_a_withdrawn_alert_stops_and_those_who_had_it_are_told(system: System) -> None:
    system.tocsin("queue", "pause", "simulator")
    before = told(system)
    words = tell(system)
    eventually(lambda: told(system) > before, "the text has become an alert")
    system.wait_for(words, [], ["bob@mail.example"])
    (ref,) = [row["ref"] for row in system.json("alert", "list") if row["text"] == words]
    system.tocsin("alert", "withdraw", str(ref))
    system.tocsin("queue", "resume", "simulator")
    system.wait_for(f"alerte {ref}", [], ["bob@mail.example"])
    eventually(
        lambda: any("ANNULATION" in mail["text"] for mail in system.mail()), "it is withdrawn"
    )
    assert not any(words in text for text in system.inbox(BOB))
    assert "already withdrawn" in system.refusal("alert", "withdraw", str(ref))
