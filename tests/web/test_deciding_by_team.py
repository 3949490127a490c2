"""Homes are vouched for by the team, on its own page."""

from __future__ import annotations

import re

from community_store import audit
from community_store.models import Community, Member, MemberState, Mode, PositionTry, ProofDocument
from dispatch import proofs, team
from dispatch.proof_reading import Picture
from tests.web.house import House, words
from tests.web.vouching import asked, inside, ref, referent, state


def with_document(house: House) -> tuple[Member, ProofDocument]:
    home = house.world.community("Les Lilas", mode=Mode.TEAM)
    jeanne = asked(house, home)
    with house.world.act() as act:
        member = act.session.get_one(Member, jeanne.id)
        proofs.keep(act, member, Picture(b"%PDF-a picture", "application/pdf"))
    [document] = house.world.rows(ProofDocument)
    return jeanne, document


def test_the_team_looks_at_the_document_and_decides(house: House) -> None:
    jeanne, document = with_document(house)
    visitor = house.inside(house.team())
    queue = words(visitor.get("/team"))
    assert "Jeanne Petit" in queue
    assert "Justificatif reçu" in queue
    path = f"/team/requests/{ref(house, jeanne)}"
    assert f"/team/proofs/{document.id}" in visitor.get(path).text
    shown = visitor.get(f"/team/proofs/{document.id}")
    assert shown.data == b"%PDF-a picture"
    assert "attachment" in shown.headers["Content-Disposition"]
    assert shown.headers["Cache-Control"] == "no-store"
    with house.world.store.read() as session:
        assert [one.action for one in audit.of(session, f"proof {document.id}")] == ["looked"]
    assert visitor.lands(visitor.post(path, answer="yes")) == "/team"
    assert state(house, jeanne) == MemberState.ACTIVE
    assert visitor.get(f"/team/proofs/{document.id}").status_code == 404
    assert visitor.get(path).status_code == 410


def test_the_team_reads_how_far_from_home_a_position_was(house: House) -> None:
    jeanne, _ = with_document(house)
    with house.world.store.begin() as session:
        session.add(
            PositionTry(
                member_id=jeanne.id or 0, distance_m=1100, accuracy_m=20, accepted=False,
                created_at=house.world.clock(),
            )
        )  # fmt: skip
    page = words(house.inside(house.team()).get(f"/team/requests/{ref(house, jeanne)}"))
    assert "Position essayée le" in page
    assert ": à 1,1 km du logement." in page


def test_of_two_of_the_team_the_second_is_told_that_it_is_answered(house: House) -> None:
    jeanne = asked(house, house.world.community("Les Lilas", mode=Mode.TEAM))
    path = f"/team/requests/{ref(house, jeanne)}"
    first, second = house.inside(house.team()), house.inside(house.team("other@equipe.example"))
    first.post(path, answer="no", sure="1")
    for answer in (second.get(path), second.post(path, answer="yes")):
        page = words(answer)
        assert answer.status_code == 410
        assert "n'attend plus de réponse" in page
        assert 'class="button" href="/team"' in page
        assert not re.search("Jeanne|Petit|rue des Lilas", page)
    for nothing in ("/team/requests/999999", f"/team/requests/{10**30}"):
        assert second.get(nothing).status_code == 404


def test_the_team_is_given_what_to_check_by_other_means_with(house: House) -> None:
    home = house.world.community("Les Lilas", mode=Mode.TEAM)
    jeanne = asked(house, home, mobile="+33639980066", landline="+33199000066", lat=45.1826,
                   lon=5.7226, email="jeanne@voisins.example", hide_mobile=True)  # fmt: skip
    visitor, path = house.inside(house.team()), f"/team/requests/{ref(house, jeanne)}"
    page = words(visitor.get(path))
    for link in ("tel:+33639980066", "tel:+33199000066", "mailto:jeanne@voisins.example"):
        assert f'href="{link}"' in page
    assert "06 39 98 00 66" in page
    assert "[45.1826, 5.7226]" in page
    assert '"name": "Les Lilas"' in page
    assert "Carte du logement déclaré" in page
    with house.world.store.read() as session:
        [kept] = audit.of(session, f"request {ref(house, jeanne)}")
    assert kept.action == "looked"
    assert kept.actor.startswith("team ")


def test_the_team_is_told_of_a_home_that_is_on_no_map(house: House) -> None:
    jeanne = asked(house, None, mobile=None, landline="+33199000066")
    page = words(house.inside(house.team()).get(f"/team/requests/{ref(house, jeanne)}"))
    assert "pas encore placé sur la carte" in page
    assert "mailto:" not in re.sub("<footer.*", "", page, flags=re.DOTALL)


def test_the_document_is_the_team_s_alone(house: House, lilas: int) -> None:
    _, document = with_document(house)
    zoe, agent = referent(house, lilas), house.world.agent(email="agent@ville.example")
    for visitor in (house.visitor(), inside(house, zoe), inside(house, agent)):
        assert visitor.get(f"/team/proofs/{document.id}").status_code in (303, 403)
    half = house.inside(house.team("half@equipe.example"), half=True)
    assert half.get("/team").status_code == 303


def test_what_is_the_referents_is_not_in_the_team_s_queue_until_15_days(
    house: House, lilas: int
) -> None:
    referent(house, lilas)
    jeanne = asked(house, lilas)
    visitor = house.inside(house.team())
    path = f"/team/requests/{ref(house, jeanne)}"
    assert visitor.get(path).status_code == 404
    house.world.clock.forward(days=15, seconds=1)
    visitor = house.inside(house.team("other@equipe.example"))
    with house.world.act() as act:
        team.assign(act)
    assert visitor.get(path).status_code == 200
    house.world.clock.forward(hours=73)
    late = house.inside(house.team("third@equipe.example"))
    assert "En retard" in words(late.get("/team"))
    assert len(house.world.rows(Community)) == 1
