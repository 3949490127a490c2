"""All that is held on a member in one file: the JSON, and the pictures that they showed."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path
from zipfile import ZipFile

from community_store.models import GazettePicture
from config import Settings
from dispatch import pictures, takeaway
from tests.dispatch.world import settings

BIG = 400_000  # bytes: a large picture


def kept(house: Settings, id_: int, large: bytes) -> GazettePicture:
    """A picture as `pictures.keep` leaves it."""
    sealed = pictures.vault(house).put(large + b"m" + b"s")
    return GazettePicture(
        id=id_, entry_id=1, file=sealed.file, sealed_key=sealed.key,
        width=4, height=3, large=len(large), medium=1, small=1,
    )  # fmt: skip


def test_the_parcel_has_the_data_and_each_picture_by_its_id(tmp_path: Path) -> None:
    house = settings(tmp_path)
    shown = [kept(house, 3, b"three"), kept(house, 8, b"eight")]
    with takeaway.packed(house, '{"member": "Zoé"}', shown) as parcel, ZipFile(parcel) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == ["my-data.json", "pictures/3.jpg", "pictures/8.jpg"]
        assert opened.read("my-data.json").decode() == '{"member": "Zoé"}'
        assert opened.read("pictures/8.jpg") == b"eight"


def test_a_picture_whose_file_is_gone_is_left_out(tmp_path: Path) -> None:
    house = settings(tmp_path)
    gone = kept(house, 3, b"three")
    pictures.vault(house).remove(gone.file)
    with takeaway.packed(house, "{}", [gone, kept(house, 8, b"8")]) as parcel:
        assert ZipFile(parcel).namelist() == ["my-data.json", "pictures/8.jpg"]


def test_many_pictures_take_no_more_memory_than_a_few(tmp_path: Path) -> None:
    house = settings(tmp_path)
    shown = [kept(house, id_, os.urandom(BIG)) for id_ in range(1, 31)]
    tracemalloc.start()
    try:
        with takeaway.packed(house, "{}", shown):
            _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10 * BIG
