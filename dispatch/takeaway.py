"""All that is held on a member as one ZIP: the JSON of the export, and the pictures they showed."""

from __future__ import annotations

from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from community_store.errors import NotFound
from community_store.models import GazettePicture
from config import Settings
from dispatch import pictures
from dispatch.pictures import Size

DATA = "my-data.json"
IN_MEMORY = 1_000_000  # bytes; what is longer is written to the disk


def packed(settings: Settings, data: str, shown: Iterable[GazettePicture]) -> IO[bytes]:
    """A file to be read from its beginning, and closed. One picture is in memory at a time.

    A picture is named by its id, which the JSON has. One whose file is gone is left out.
    """
    out = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # the caller's to close
    with ZipFile(out, "w", ZIP_DEFLATED) as parcel:
        parcel.writestr(DATA, data)
        for one in shown:
            try:
                picture = pictures.look(settings, one, Size.LARGE)
            except NotFound:
                continue
            parcel.writestr(f"pictures/{one.id}.jpg", picture, compress_type=ZIP_STORED)
    out.seek(0)
    return out
