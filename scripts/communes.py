"""Make community_store/communes.tsv anew from the npm package it comes from.

npm pack @etalab/decoupage-administratif@6.0.0
python scripts/communes.py etalab-decoupage-administratif-6.0.0.tgz
"""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "community_store" / "communes.tsv"


def main(package: str) -> None:
    """One line a commune: INSEE code, name, its postcodes; by code."""
    with tarfile.open(package) as archive:
        source = archive.extractfile("package/data/communes.json")
        assert source is not None
        communes = json.load(source)
    lines = [
        f"{one['code']}\t{one['nom']}\t{' '.join(one['codesPostaux'])}\n"
        for one in communes
        if one["type"] == "commune-actuelle" and one.get("codesPostaux")
    ]
    TABLE.write_text("".join(sorted(lines)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
