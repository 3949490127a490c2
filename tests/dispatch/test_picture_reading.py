"""Which pictures the gazette takes, and what becomes of them."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from community_store.errors import NotFound, RuleError
from community_store.models import GazetteEntry, GazettePicture
from config import Settings
from dispatch import picture_press, picture_reading, pictures, pressing
from dispatch.pictures import Size
from tests.dispatch import papers
from tests.dispatch.world import World, settings


@pytest.fixture
def house(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def refused(house: Settings, data: bytes) -> str:
    with pytest.raises(RuleError) as error:
        picture_reading.read(house, data)
    return error.value.code


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["JPEG"])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_drawn_anew_in_three_sizes(house: Settings, kind: str) -> None:
    drawn = picture_reading.read(house, papers.picture(kind, (3000, 2000)))
    sizes = [opened(one).size for one in (drawn.large, drawn.medium, drawn.small)]
    assert sizes == [(1600, 1067), (800, 534), (320, 213)]
    assert (drawn.width, drawn.height) == sizes[0]


def test_a_small_picture_is_not_made_larger(house: Settings) -> None:
    drawn = picture_reading.read(house, papers.picture("PNG", (100, 50)))
    assert {opened(one).size for one in (drawn.large, drawn.medium, drawn.small)} == {(100, 50)}


def test_a_photo_is_turned_upright_and_loses_its_place(house: Settings) -> None:
    photo = papers.photo_at_home()
    before = Image.open(io.BytesIO(photo)).getexif()
    assert before.get_ifd(0x8825)[2] == (45.0, 10.0, 57.0)
    assert b"CANARY PHONE" in photo
    drawn = picture_reading.read(house, photo)
    assert (drawn.width, drawn.height) == (1067, 1600)
    for data in (drawn.large, drawn.medium, drawn.small):
        after = opened(data)
        assert dict(after.getexif()) == {}
        assert after.getexif().get_ifd(0x8825) == {}
        for told in (
            b"Exif",
            b"CANARY",
            b"2026:",
            b"http://ns.adobe",
            b"PK\x03\x04",
            papers.SECRET,
        ):
            assert told not in data


def test_text_in_a_png_and_its_transparency_are_gone(house: Settings) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("GPS", papers.SECRET.decode())
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, "PNG", pnginfo=info)
    drawn = picture_reading.read(house, out.getvalue())
    assert papers.SECRET not in drawn.large
    assert opened(drawn.large).getpixel((20, 20)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "kind"),
        (b"MZ\x90\x00 a program named chat.jpg", "kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "kind"),
        (b"GIF89a" + b"\0" * 50, "kind"),
        (papers.letter(), "kind"),
        (b"RIFF\0\0\0\0AVI " + b"\0" * 50, "kind"),
        (papers.picture()[:2_000], "unreadable"),
        (papers.picture("PNG")[:-700], "unreadable"),
        (papers.picture("WEBP")[:200], "unreadable"),
        (papers.picture()[:4] + papers.picture("PNG")[4:], "unreadable"),
    ],
    ids=[
        "nothing", "program", "svg", "gif", "pdf", "film", "half a jpeg", "half a png",
        "half a webp", "jpeg that is a png",
    ],
)  # fmt: skip
def test_what_is_no_readable_picture_is_refused(house: Settings, data: bytes, code: str) -> None:
    assert refused(house, data) == code


def test_what_is_too_big_is_not_even_looked_at(house: Settings) -> None:
    started = time.monotonic()
    assert refused(house, papers.picture() + bytes(10_000_000)) == "too_big"
    assert time.monotonic() - started < 0.5


@pytest.mark.parametrize(
    ("bomb", "codes"),
    [
        (papers.png_bomb, {"pixels"}),
        (papers.text_bomb, {"unreadable"}),
        (papers.webp_bomb, {"pixels", "unreadable"}),
    ],
    ids=["pixels", "comment", "webp"],
)
def test_a_bomb_goes_off_in_the_child(
    house: Settings, bomb: Callable[[], bytes], codes: set[str]
) -> None:
    data = bomb()
    assert len(data) < 10_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    assert refused(house, data) in codes
    assert time.monotonic() - started < pressing.SECONDS
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 20_000  # kilobytes: here, nothing was decoded


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (f"bytearray({picture_press.MEMORY})", "MemoryError"),
        ("open('/dev/shm/picture-test', 'wb').write(bytes(40_000_000))", "File too large"),
    ],
)
def test_the_limits_of_the_press_are_in_force(what: str, said: str) -> None:
    program = f"import runpy; runpy.run_path({str(picture_reading.PRESS)!r})['_limit'](); {what}"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=False)
    Path("/dev/shm/picture-test").unlink(missing_ok=True)
    assert done.returncode == 1
    assert said in done.stderr.decode()


def test_the_press_imports_nothing_of_ours() -> None:
    source = picture_reading.PRESS.read_text()
    for room in ("community_store", "dispatch", "gateway", "config"):
        assert f"import {room}" not in source
        assert f"from {room}" not in source


@pytest.mark.parametrize(
    ("said", "drawn"),
    [
        ("1600 1200 3 3 3", b"\xff\xd8\xff" * 2),
        ("1600 1200 3 3 3", b"\xff\xd8\xff" * 2 + b"<ht"),
        ("1600 1200 3 3 -3", b"\xff\xd8\xff" * 3),
        ("", b"\xff\xd8\xff" * 3),
    ],
)
def test_a_press_that_was_taken_over_is_not_believed(said: str, drawn: bytes) -> None:
    with pytest.raises(RuleError, match="could not be read"):
        picture_reading._drawn(pressing.Pressed(0, said, drawn))


# as they are kept


def entry(world: World) -> GazetteEntry:
    member = world.member(world.community())
    made = GazetteEntry(
        community_id=member.community_id or 0, author_id=member.id or 0, kind="fete",
        title="Fête", text="Samedi", expires_at=world.clock(),
    )  # fmt: skip
    world.add(made)
    return made


def kept(world: World, of: GazetteEntry) -> GazettePicture:
    drawn = picture_reading.read(world.settings, papers.picture(size=(900, 600)))
    with world.act() as act:
        pictures.keep(act, act.session.get_one(GazetteEntry, of.id), [drawn])
    found = world.rows(GazettePicture, entry_id=of.id)[-1]
    assert isinstance(found, GazettePicture)
    return found


def test_a_picture_is_kept_encrypted_in_all_its_sizes(sqlite_world: World) -> None:
    found = kept(sqlite_world, entry(sqlite_world))
    (file,) = (sqlite_world.settings.data_dir / "pictures").iterdir()
    assert b"JFIF" not in file.read_bytes()
    shown = {size: pictures.look(sqlite_world.settings, found, size) for size in Size}
    assert [opened(data).width for data in shown.values()] == [900, 800, 320]


def test_an_entry_has_room_for_so_many(sqlite_world: World) -> None:
    full = entry(sqlite_world)
    for _ in range(3):
        kept(sqlite_world, full)
    with pytest.raises(RuleError, match="3 pictures"):
        kept(sqlite_world, full)
    assert len(sqlite_world.rows(GazettePicture)) == 3


def test_a_file_that_no_row_knows_is_removed_after_a_while(sqlite_world: World) -> None:
    world = sqlite_world
    found = kept(world, entry(world))
    world.delete(found)
    with world.store.read() as session:
        assert pictures.tidy(session, world.settings, world.clock()) == 0
        world.clock.forward(hours=2)
        assert pictures.tidy(session, world.settings, world.clock()) == 1
    with pytest.raises(NotFound):
        pictures.look(world.settings, found, Size.SMALL)
