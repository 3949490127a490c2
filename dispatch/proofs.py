"""Proofs of address as they are kept: encrypted, looked at by the decider, destroyed (S27, S28)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, event
from sqlmodel import Session, col, select

from community_store import audit
from community_store.errors import NotFound
from community_store.models import Member, ProofDocument
from community_store.vault import Sealed, Vault
from config import Settings
from dispatch.act import Act
from dispatch.proof_reading import Picture

FOLDER = "proofs"
GRACE = timedelta(hours=1)  # a file may be older than the commit of its row
EXTENSIONS = {"image/jpeg": "jpg", "application/pdf": "pdf"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A document to be served: as an attachment under this name, and cached nowhere."""

    data: bytes
    media_type: str
    filename: str


def vault(settings: Settings) -> Vault:
    """Where documents are. Machines that serve pages and sweep must share this folder."""
    return Vault(settings.data_dir / FOLDER, settings.secret_key())


def keep(act: Act, member: Member, picture: Picture) -> ProofDocument:
    """Keep a document in the place of the one before, until it is decided or too old."""
    assert member.id is not None
    destroy(act, member.id, "replaced")
    sealed = vault(act.settings).put(picture.data)
    document = ProofDocument(
        member_id=member.id,
        file=sealed.file,
        media_type=picture.media_type,
        size=len(picture.data),
        sealed_key=sealed.key,
        created_at=act.now,
        destroy_at=act.now + timedelta(days=act.settings.joining.proof_days),
    )
    act.session.add(document)
    act.session.flush()
    return document


def current(session: Session, member_id: int) -> ProofDocument | None:
    """The document that waits for a decision on a member."""
    return session.exec(
        select(ProofDocument).where(
            ProofDocument.member_id == member_id, col(ProofDocument.destroyed_at).is_(None)
        )
    ).first()


def waiting(session: Session) -> dict[int, int]:
    """The documents that wait for a decision: the member's id, and the document's."""
    query = select(ProofDocument.member_id, ProofDocument.id).where(_there())
    return {member: id_ for member, id_ in session.exec(query) if id_ is not None}


def look(act: Act, document_id: int, *, who: str) -> Shown:
    """The one way to a document. Kept for ever is that `who` ("agent 3") looked at it.

    Whether they may is the caller's to ask first; the look must be committed before
    anything is served. Raises NotFound: unknown, destroyed, or past its time.
    """
    document = act.session.get(ProofDocument, document_id)
    if document is None or document.destroyed_at is not None or document.destroy_at <= act.now:
        raise NotFound(f"no document {document_id}")
    data = vault(act.settings).open(Sealed(document.file, document.sealed_key))
    audit.note(act.session, who, "looked", f"proof {document_id}", at=act.now)
    name = f"justificatif-{document_id}.{EXTENSIONS[document.media_type]}"
    return Shown(data, document.media_type, name)


def destroy(act: Act, member_id: int, why: str) -> int:
    """Destroy the documents of a member: it was decided, replaced, or the account is closed."""
    waiting = select(ProofDocument).where(ProofDocument.member_id == member_id)
    return _destroy(act, list(act.session.exec(waiting.where(_there()))), why)


def destroy_due(act: Act) -> int:
    """Destroy what nobody decided in 15 days; how many."""
    old = select(ProofDocument).where(col(ProofDocument.destroy_at) <= act.now, _there())
    return _destroy(act, list(act.session.exec(old)), "too old")


def _there() -> ColumnElement[bool]:
    return col(ProofDocument.destroyed_at).is_(None)


def _destroy(act: Act, documents: list[ProofDocument], why: str) -> int:
    """The key goes with the commit, the file right after it: a crash between the two leaves
    bytes that nothing can read, which `tidy` removes.
    """
    for document in documents:
        document.sealed_key = b""
        document.destroyed_at, document.destroyed_why = act.now, why
        act.session.add(document)
        audit.note(act.session, "service", f"destroyed: {why}", f"proof {document.id}", at=act.now)
    if documents:
        _remove_with_commit(act, [document.file for document in documents])
        act.session.flush()
    return len(documents)


def _remove_with_commit(act: Act, files: list[str]) -> None:
    kept_in = vault(act.settings)

    def remove(_: Session) -> None:
        for file in files:
            kept_in.remove(file)

    event.listen(act.session, "after_commit", remove, once=True)
    event.listen(act.session, "after_rollback", lambda _: files.clear(), once=True)


def tidy(session: Session, settings: Settings, now: datetime) -> int:
    """Remove the files that no document needs: left by a crash, an erased account; how many."""
    here = session.exec(select(ProofDocument.file).where(col(ProofDocument.destroyed_at).is_(None)))
    found = vault(settings).strays(set(here), before=(now - GRACE).timestamp())
    for file in found:
        vault(settings).remove(file)
    return len(found)
