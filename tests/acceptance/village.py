"""A dozen people in three communities, put in by commands as an administrator would.

Who must hear Ana's alert stands here by hand.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

from tests.acceptance.system import NUMBER, System

ANA, BOB, CHLOE, IRIS = "+33639981001", "+33639981002", "+33639981003", "+33639981009"
FARID, GAIA, HUGO, NORA = "+33639981006", "+33639981007", "+33639981008", "+33639981010"
JEAN, KARL, LEA = "+33639982001", "+33639982002", "+33639983001"
MAYOR, FAR_MAYOR, STRANGER = "+33639989001", "+33639989002", "+33639989999"
EMMA_LANDLINE = "+33465710005"
PHONES = [
    ANA,
    BOB,
    CHLOE,
    IRIS,
    FARID,
    GAIA,
    HUGO,
    NORA,
    JEAN,
    KARL,
    LEA,
    MAYOR,
    FAR_MAYOR,
    STRANGER,
    EMMA_LANDLINE,
]

HEAR_BY_SMS = [BOB, CHLOE, IRIS, NORA, MAYOR]
HEAR_BY_MAIL = [
    "bob@mail.example",
    "chloe@mail.example",
    "david@mail.example",
    "farid@mail.example",
    "nora@mail.example",
    "jean@mail.example",
    "mairie@ville.example",
    "police@ville.example",
]
HEAR = Counter([*HEAR_BY_SMS, *HEAR_BY_MAIL])
"""Everybody who hears Ana, each once: nobody else may."""

_HEADER = (
    "first_name",
    "last_name",
    "mobile",
    "landline",
    "email",
    "address",
    "lat",
    "lon",
    "active",
    "referent",
    "hide_mobile",
    "language",
)
_TILLEULS, _PORT, _GARE = (45.1855, 5.7255), (45.1855, 5.7355), (45.1955, 5.7255)
# name, mobile, landline, e-mail, home, then what is "yes" or otherwise unusual
_PEOPLE: tuple[tuple[str, str, str, str, tuple[float, float], dict[str, str]], ...] = (
    ("Ana Auteur", ANA, "", "", _TILLEULS, {}),
    ("Bob Brun", BOB, "", "bob@mail.example", _TILLEULS, {"referent": "yes"}),
    ("Chloé Caché", CHLOE, "", "chloe@mail.example", _TILLEULS, {"hide_mobile": "yes"}),
    ("David Demail", "", "", "david@mail.example", _TILLEULS, {}),
    ("Emma Fixe", "", EMMA_LANDLINE, "", _TILLEULS, {}),
    ("Farid Stop", FARID, "", "farid@mail.example", _TILLEULS, {}),
    ("Gaïa Attente", GAIA, "", "gaia@mail.example", _TILLEULS, {"active": "no"}),
    ("Hugo Suspendu", HUGO, "", "hugo@mail.example", _TILLEULS, {}),
    ("Iris English", IRIS, "", "", _TILLEULS, {"language": "en"}),
    ("Nora Double", NORA, "", "nora@mail.example", _TILLEULS, {}),
    ("Jean Jumeau", JEAN, "", "jean@mail.example", _PORT, {}),
    ("Karl Jumeau", KARL, "", "", _PORT, {}),
    ("Léa Loin", LEA, "", "lea@mail.example", _GARE, {}),
)


def settle(system: System, gateway: str = "simulator", rate: float = 50) -> None:
    """Put everybody in. Nora is a neighbour and an agent of the subscribed town."""
    system.tocsin("init")
    options = ("--gateway", gateway, "--rate", str(rate), "--price", "0.05")
    system.tocsin("number", "add", NUMBER, *options)
    system.tocsin("town", "add", "2A004", "Ville-Haute", "--subscribed")
    system.tocsin("town", "add", "01001", "Le Bourg", "--subscribed")
    system.tocsin("community", "import", str(write_communities(system.folder)))
    system.tocsin("community", "twin", "Les Tilleuls", "Le Port")
    system.tocsin("member", "import", str(write_members(system.folder)))
    system.tocsin("member", "suspend", HUGO)
    for town, name, mobile, email in (
        ("2A004", "Mme Maire", MAYOR, "mairie@ville.example"),
        ("2A004", "Police", "", "police@ville.example"),
        ("2A004", "Nora Double", NORA, "nora@mail.example"),
        ("01001", "M. Loin", FAR_MAYOR, "mairie@bourg.example"),
    ):
        contacts = ("--mobile", mobile, "--email", email)
        system.tocsin("agent", "add", "--town", town, "--name", name, *contacts)


def square(home: tuple[float, float], half: float = 0.002) -> dict[str, object]:
    """A boundary around a home, about 14 ha."""
    lat, lon = home
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    ring = [[round(lon + x * half, 6), round(lat + y * half, 6)] for x, y in corners]
    return {"type": "Polygon", "coordinates": [ring]}


def write_communities(folder: Path) -> Path:
    """Les Tilleuls is twinned with Le Port, in the other town; La Gare is alone."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "town": town, "mode": "referent"},
            "geometry": square(home),
        }
        for name, town, home in (
            ("Les Tilleuls", "2A004", _TILLEULS),
            ("Le Port", "01001", _PORT),
            ("La Gare", "2A004", _GARE),
        )
    ]
    path = folder / "communities.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def write_members(folder: Path) -> Path:
    path = folder / "members.csv"
    with path.open("w", newline="") as out:
        rows = csv.DictWriter(out, _HEADER)
        rows.writeheader()
        for name, mobile, landline, email, (lat, lon), unusual in _PEOPLE:
            first, last = name.split()
            row = {"first_name": first, "last_name": last, "mobile": mobile}
            row |= {"landline": landline, "email": email, "address": "1 rue des Tilleuls"}
            rows.writerow(row | {"lat": lat, "lon": lon, "active": "yes"} | unusual)
    return path


def write_crowd(folder: Path, count: int) -> Path:
    """Many more neighbours of Les Tilleuls, with nothing but a mobile."""
    lat, lon = _TILLEULS
    path = folder / "crowd.csv"
    lines = ["first_name,last_name,mobile,lat,lon,active"]
    lines += [f"Voisin,N{n},{crowd(n)},{lat},{lon},yes" for n in range(count)]
    path.write_text("\n".join(lines) + "\n")
    return path


def crowd(n: int) -> str:
    return f"+3363998{5000 + n}"
