"""Three communities, and who must hear whom: known here by hand, not asked of Tocsin."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.system import NUMBER, System
from tests.acceptance.village import square

GATEWAY = "twilio"
RATE = 20.0
HOMES = {
    "Les Tilleuls": (45.1855, 5.7255),
    "Le Port": (45.1855, 5.7355),
    "La Gare": (45.1955, 5.7255),
}
SIZES = {"Les Tilleuls": 12, "Le Port": 10, "La Gare": 8}


def phones(community: str) -> list[str]:
    """The mobiles of a community's members."""
    hundred = list(SIZES).index(community) + 1
    return [f"+33639984{hundred}{n:02}" for n in range(SIZES[community])]


EVERYBODY = [phone for community in SIZES for phone in phones(community)]


def audience(author: str) -> frozenset[str]:
    """Whoever hears an alert of `author`: the neighbours of the same community, each once."""
    (own,) = [phones(each) for each in SIZES if author in phones(each)]
    return frozenset(own) - {author}


def settle(system: System) -> None:
    """Put everybody in, as an administrator would."""
    system.tocsin("init")
    system.tocsin("number", "add", NUMBER, "--gateway", GATEWAY, "--rate", str(RATE))
    system.tocsin("town", "add", "2A004", "Ville-Haute")
    system.tocsin("community", "import", str(_communities(system.folder)))
    system.tocsin("member", "import", str(_members(system.folder)))


def _communities(folder: Path) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "town": "2A004", "mode": "referent"},
            "geometry": square(home),
        }
        for name, home in HOMES.items()
    ]
    path = folder / "communities.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def _members(folder: Path) -> Path:
    lines = ["first_name,last_name,mobile,lat,lon,active"]
    for name, (lat, lon) in HOMES.items():
        lines += [f"Voisin,N{phone[-3:]},{phone},{lat},{lon},yes" for phone in phones(name)]
    path = folder / "members.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
