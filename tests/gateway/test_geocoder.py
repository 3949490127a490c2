"""The geocoder: against a stand-in that misbehaves, and against a real address server."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.geocoder import ANSWER_MAX, Geocoder, GeocoderAway, Place, PlaceKind, read
from tests.gateway.standin import Answer, Asked, standin

HOUSE: dict[str, Any] = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [5.7222, 45.1824]},
    "properties": {
        "label": "12 Rue des Lilas 38990 Valmoutier", "score": 0.94, "type": "housenumber",
        "housenumber": "12", "street": "Rue des Lilas", "postcode": "38990",
        "city": "Valmoutier", "citycode": "38185",
    },
}  # fmt: skip


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def asked(answer: Answer, text: str = "12 rue des Lilas", **more: Any) -> tuple[Any, list[Asked]]:
    """What a search finds, or the error it ends with, and what the server was asked."""

    async def ask() -> tuple[Any, list[Asked]]:
        async with standin([answer]) as server:
            try:
                found: Any = await Geocoder(server.url, 0.4).search(text, **more)
            except GeocoderAway as error:
                found = error
            return found, server.asked

    return asyncio.run(ask())


def test_it_asks_as_the_national_address_base_wants_to_be_asked() -> None:
    found, (question,) = asked(Answer(body=collection(HOUSE).decode()), limit=3, citycode="38185")
    assert (question.method, question.path) == ("GET", "/search/")
    assert question.query == {
        "q": "12 rue des Lilas", "limit": "3", "autocomplete": "0", "citycode": "38185",
    }  # fmt: skip
    assert found == [
        Place(
            "12 Rue des Lilas 38990 Valmoutier", 0.94, PlaceKind.HOUSE, 45.1824, 5.7222,
            "12", "Rue des Lilas", "38990", "Valmoutier", "38185",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500), Answer(429), Answer(302, headers={"Location": "/elsewhere"}),
        Answer(body="<html>"), Answer(body="[]"), Answer(body='{"features": 3}'),
        Answer(body=" " * (ANSWER_MAX + 1)), Answer(after=2), Answer(cut=True),
        Answer(body="[" * 100_000),
    ],
)  # fmt: skip
def test_whatever_is_no_answer_means_ask_again_later(answer: Answer) -> None:
    found, _ = asked(answer, "12 rue des Lilas secrets")
    assert isinstance(found, GeocoderAway)
    assert "Lilas" not in str(found)


def test_nobody_listening_means_ask_again_later() -> None:
    with pytest.raises(GeocoderAway):
        asyncio.run(Geocoder("http://127.0.0.1:9", 0.4).search("12 rue des Lilas"))


@pytest.mark.parametrize("text", ["", "ab", "  ", "?? rue", "-- 12"])
def test_what_no_address_can_be_is_not_asked(text: str) -> None:
    assert asked(Answer(500), text) == ([], [])


def test_a_question_that_the_server_refuses_finds_nothing() -> None:
    assert asked(Answer(400))[0] == []


def test_a_long_text_is_cut_to_what_the_service_takes() -> None:
    _, (question,) = asked(Answer(body=collection().decode()), "rue " * 100)
    assert len(question.query["q"]) == 200


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("type", "country"), ("type", None), ("label", ""), ("label", 3.5), ("score", "high"),
        ("score", math.nan), ("coordinates", [5.7]), ("coordinates", [5.7, 95.0]),
        ("coordinates", ["x", "y"]), ("coordinates", None), ("coordinates", [math.nan, 45.0]),
    ],
)  # fmt: skip
def test_a_feature_that_is_no_place_is_left_out(where: str, value: Any) -> None:
    bad = json.loads(json.dumps(HOUSE))
    (bad["geometry"] if where == "coordinates" else bad["properties"])[where] = value
    assert [place.housenumber for place in read(collection(bad, HOUSE, None, 3, []))] == ["12"]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
FEATURE = st.fixed_dictionaries(
    {
        "geometry": st.fixed_dictionaries({"coordinates": JSON | st.lists(st.floats())}),
        "properties": st.fixed_dictionaries(
            {"type": st.sampled_from(PlaceKind) | JSON, "label": JSON, "score": JSON, "city": JSON}
        ),
    }
)


@given(st.lists(FEATURE | JSON, max_size=4))
def test_no_answer_breaks_the_reader(features: list[Any]) -> None:
    for place in read(collection(*features)):
        assert 0 <= place.score <= 1
        assert abs(place.lat) <= 90
        assert abs(place.lon) <= 180
        assert place.label


@pytest.mark.parametrize(
    ("text", "label", "kind"),
    [
        ("12 rue des lilas 38990 valmoutier", "12 Rue des Lilas 38990 Valmoutier", "housenumber"),
        ("3 BIS RUE DES LILAS VALMOUTIER", "3 bis Rue des Lilas 38990 Valmoutier", "housenumber"),
        ("12 rue des lillas valmoutié", "12 Rue des Lilas 38990 Valmoutier", "housenumber"),
        ("99 rue des lilas valmoutier", "Rue des Lilas 38990 Valmoutier", "street"),
        ("valmoutier", "Valmoutier", "municipality"),
    ],
)
def test_a_real_server_finds(addok: str, text: str, label: str, kind: str) -> None:
    best = asyncio.run(Geocoder(addok, 10).search(text))[0]
    assert (best.label, best.kind) == (label, kind)


def test_a_real_server_keeps_to_one_town_when_asked(addok: str) -> None:
    geocoder = Geocoder(addok, 10)
    everywhere = asyncio.run(geocoder.search("12 rue des lilas"))
    assert {place.citycode for place in everywhere} == {"38185", "38190"}
    here = asyncio.run(geocoder.search("12 rue des lilas", citycode="38190"))
    assert {place.citycode for place in here} == {"38190"}


def test_a_real_server_finds_nothing_where_nothing_is(addok: str) -> None:
    assert asyncio.run(Geocoder(addok, 10).search("boulevard inconnu 75001 paris")) == []


def test_a_real_server_names_the_address_of_a_point(addok: str) -> None:
    place = asyncio.run(Geocoder(addok, 10).reverse(45.1824, 5.7222))
    assert place is not None
    assert place.label == "1 Rue des Lilas 38990 Valmoutier"
