"""The rooms of the web side: what has routes, and what is installed once."""

from __future__ import annotations

from web import (
    contact,
    front,
    home,
    language,
    legal,
)
from web.accounts import room as signing_in
from web.accounts.account import account
from web.accounts.password import password
from web.accounts.second_factor import second_factor
from web.accounts.sharing import sharing
from web.accounts.sign_in import sign_in
from web.activation.document import document
from web.activation.page import activation
from web.activation.partner import partner
from web.alert_page import alert_page
from web.alerts import archive, doing, new_one  # noqa: F401  # their routes
from web.alerts import living as living_alert
from web.alerts.room import room as alerts_room
from web.community import boundary, naming, ours, twins  # noqa: F401  # their routes
from web.community.drawing import drawing
from web.community.new import new
from web.community.page import community
from web.community.room import room as neighbourhood
from web.community.twin_link import twin_link
from web.deciding.page import deciding
from web.deciding.team import team_pages
from web.directory.page import directory
from web.first_steps.page import first_steps
from web.gazette import commenting, digest, listing, showing, writing  # noqa: F401  # their routes
from web.gazette.room import room as gazette_room
from web.health import health
from web.help_centre import questions
from web.help_centre.page import help_centre
from web.invite.page import invite
from web.messages import choosing, inbox, parting  # noqa: F401  # their routes
from web.messages import one as one_conversation  # noqa: F401  # its routes
from web.messages import writing as writing_messages  # noqa: F401  # its routes
from web.messages.absence import absence
from web.messages.room import room as messages_room
from web.notifications.application import application
from web.notifications.page import moving
from web.notifications.page import notifications as notified
from web.profile import (  # noqa: F401  # their routes
    about,
    closing,
    data,
    email,
    name,
    notifications,
    numbers,
    seen,
    sure,
)
from web.profile.room import profile, settings_room
from web.referent import exercise, kit, members, tools  # noqa: F401  # their routes
from web.referent import team as asking_the_team  # noqa: F401  # its routes
from web.referent.room import room as referents_room
from web.registering import (  # noqa: F401  # their routes
    address,
    form,
    link,
    place,
    proofs,
    town,
    whose,
)
from web.registering.room import registering
from web.reports.deciding import reports_pages
from web.reports.filing import filing
from web.reports.lifting import lifting_pages
from web.reports.subject import subject_pages
from web.simulator import simulator
from web.unsubscribe import unsubscribe

PAGES = (
    front.front, home.home, language.language, sign_in, sharing, password, second_factor, account,
    alert_page, health, registering, community, drawing, new, activation, document, partner,
    first_steps, deciding, team_pages,
    alerts_room, gazette_room, messages_room, absence, filing, reports_pages, lifting_pages,
    subject_pages,
    neighbourhood, twin_link, directory, profile, settings_room, application, notified,
    help_centre, invite, referents_room, contact.contact, legal.legal,
)  # fmt: skip
# called by programs, which have no form of ours: each call proves itself, or is of a trial
BY_PROGRAMS = (simulator, unsubscribe, moving)
# what they keep for all requests; what they read once, as the settings say
INSTALLED = (signing_in, front, living_alert)
TEXTS = (questions, legal)
