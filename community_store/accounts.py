"""Who may sign in on the web, and as whom.

An account is made when a person first proves an address that is theirs: nobody has to be
added twice. Agents and the team are staff: they have a password and a second factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, delete, select

from community_store import visibility
from community_store.errors import NotFound, RuleError
from community_store.membership import read_email
from community_store.models import Account, AccountLink, Agent, Member, MemberState, WebSession


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an account stands for, as the rows say now. `member` is never a closed one."""

    account: Account
    member: Member | None
    agent: Agent | None

    @property
    def staff(self) -> bool:
        """Whether they need a second factor."""
        return self.account.team or self.agent is not None

    @property
    def somebody(self) -> bool:
        """Not somebody: what the account stood for is gone."""
        return self.account.team or self.agent is not None or self.member is not None

    @property
    def name(self) -> str:
        if self.member is not None:
            return visibility.full_name(self.member)
        return self.agent.name if self.agent else self.account.name

    @property
    def language(self) -> str:
        return (self.member or self.agent or self.account).language


def person(session: Session, account: Account) -> Person:
    """Whom the account stands for."""
    member = session.get(Member, account.member_id) if account.member_id else None
    if member is not None and member.state == MemberState.CLOSED:
        member = None
    agent = session.get(Agent, account.agent_id) if account.agent_id else None
    return Person(account, member, agent)


def by_email(session: Session, email: str) -> Account | None:
    """The account that signs in with this address, in lower case."""
    return session.exec(select(Account).where(Account.email == email)).first()


def holder_of_email(session: Session, email: str) -> Account | None:
    """The account of whoever holds this address, made when there is none yet.

    None when nobody has it, or several members share it: it does not say who is meant.
    """
    known = by_email(session, email)
    if known is not None:
        return known if person(session, known).somebody or _agent(session, email) else None
    members, agent = _open_members(session, col(Member.email) == email), _agent(session, email)
    if len(members) == 1:
        account = of_member(session, members[0])
        account.email = account.email or email
        return _add(session, account)
    if members or agent is None:
        return None
    return _add(session, Account(email=email))


def of_agent(session: Session, agent: Agent) -> Account:
    """The account of an agent. Raises NotFound: they have not chosen a password yet."""
    known = session.exec(select(Account).where(Account.agent_id == agent.id)).first()
    if known is None:
        raise NotFound(f"agent {agent.id} has not signed in on the web yet")
    return known


def proved_email(session: Session, account: Account) -> None:
    """Whoever has just opened a link sent to the account's address is its agent too.

    Not before: an address that somebody only typed must not make them an agent.
    """
    agent = _agent(session, account.email) if account.email else None
    if agent is not None and account.agent_id is None:
        account.agent_id = agent.id
        _add(session, account)


def _agent(session: Session, email: str) -> Agent | None:
    """The one agent with this address who has no other account."""
    found = session.exec(select(Agent).where(Agent.email == email).limit(2)).all()
    if len(found) != 1:
        return None
    taken = session.exec(
        select(Account.id).where(Account.agent_id == found[0].id, col(Account.email) != email)
    ).first()
    return None if taken else found[0]


def with_number(session: Session, e164: str) -> list[Member]:
    """The member with this mobile, else those with this landline, which a household shares."""
    members = _open_members(session, col(Member.mobile) == e164)
    return members or _open_members(session, col(Member.landline) == e164, most=None)


def of_member(session: Session, member: Member) -> Account:
    """A member's account, made when there is none yet; with their e-mail if it is free."""
    known = session.exec(select(Account).where(Account.member_id == member.id)).first()
    if known is not None:
        return known
    email = member.email if member.email and by_email(session, member.email) is None else None
    return _add(session, Account(email=email, member_id=member.id))


def of_members(session: Session, members: list[Member]) -> list[Account]:
    """As `of_member`, of several; those that there are already in one query."""
    query = select(Account).where(col(Account.member_id).in_([one.id for one in members]))
    known = {account.member_id: account for account in session.exec(query)}
    return [known.get(one.id) or of_member(session, one) for one in members]


def _open_members(session: Session, whose: object, *, most: int | None = 2) -> list[Member]:
    query = select(Member).where(whose, Member.state != MemberState.CLOSED)  # type: ignore[arg-type]  # SQL
    return list(session.exec(query.order_by(col(Member.id)).limit(most)))


def _add(session: Session, account: Account) -> Account:
    session.add(account)
    session.flush()
    return account


def others_email(session: Session, email: str, member: Member) -> bool:
    """Whether an address is somebody's other than the member's: to sign in with, or to be
    written to.
    """
    account = by_email(session, email)
    if account is not None and account.member_id != member.id and person(session, account).somebody:
        return True
    member_of, agent = _open_members(session, col(Member.email) == email), _agent(session, email)
    mine = account is not None and agent is not None and account.agent_id == agent.id
    return any(one.id != member.id for one in member_of) or (agent is not None and not mine)


def sign_in_with(session: Session, account: Account, email: str) -> None:
    """A proved address signs an account in, unless it is another's that still is somebody."""
    known = by_email(session, email)
    if known is not None and known.id != account.id:
        if person(session, known).somebody or _agent(session, email):
            return
        known.email = None
        _add(session, known)
    account.email = email
    _add(session, account)


def change_email(session: Session, member: Member, email: str) -> None:
    """A member has proved another address, and signs in with it from now on (S80).

    Staff go on to sign in with theirs: it is the operator's to change. Links that went to
    the old address open nothing any more.
    """
    account = of_member(session, member)
    member.email = email
    session.add(member)
    if not person(session, account).staff:
        sign_in_with(session, account, email)
    _void_links(session, account)
    session.flush()


def set_password(session: Session, account: Account, hashed: str) -> None:
    """Keep a password's hash; whoever was signed in, or held a link, no longer is or does."""
    account.password = hashed
    session.add(account)
    session.execute(delete(WebSession).where(col(WebSession.account_id) == account.id))
    _void_links(session, account)
    session.flush()


def _void_links(session: Session, account: Account) -> None:
    links = update(AccountLink).where(col(AccountLink.account_id) == account.id)
    session.execute(links.values(used=True).execution_options(synchronize_session=False))


def signed_in(session: Session, account: Account, now: datetime) -> None:
    account.signed_in_at = now
    session.add(account)


def speak(session: Session, whom: Person, language: str) -> None:
    """Remember the language that a person chose."""
    chosen = whom.member or whom.agent or whom.account
    chosen.language = language
    session.add(chosen)


def add_team(session: Session, name: str, email: str) -> Account:
    """Let a person act for the team that runs the service. Raises RuleError."""
    plain, address = " ".join(name.split()), read_email(email)
    if not plain:
        raise RuleError("name", "a person of the team needs a name")
    account = by_email(session, address) or Account(email=address)
    if account.team:
        raise RuleError("team", f"{plain} is of the team already: `tocsin team link`")
    account.team, account.name = True, plain
    account.password = ""  # the team's is chosen by its own link, never inherited
    session.execute(delete(WebSession).where(col(WebSession.account_id) == account.id))
    return _add(session, account)


def team(session: Session) -> list[Account]:
    """Everybody of the team, by id."""
    return list(
        session.exec(select(Account).where(col(Account.team).is_(True)).order_by(col(Account.id)))
    )


def find_team(session: Session, named: str) -> Account:
    """One of the team, by id, e-mail or name. Raises NotFound."""
    wanted = named.strip().lower()
    for account in team(session):
        if wanted in (str(account.id), account.email, account.name.lower()):
            return account
    raise NotFound(f"nobody of the team is {named!r}: see `tocsin team list`")


def remove_team(session: Session, account: Account) -> None:
    """From the commit on they are signed out, and of the team no more."""
    account.team = False
    session.execute(delete(WebSession).where(col(WebSession.account_id) == account.id))
    if account.member_id is None and account.agent_id is None:
        session.delete(account)
    else:
        session.add(account)
    session.flush()
