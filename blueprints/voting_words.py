"""What the pages behind a voting link say: one heading, one sentence that says what to do, and the status."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import format_datetime
from flask_babel import gettext as _

from services.voter_accounts import BallotState, Paper
from services.voting_links import Link, LinkState

MOMENT = "EEEE d MMMM, HH:mm z"


@dataclass(frozen=True)
class Words:
    """A heading, a sentence, the status of the answer, and the code of the same answer in JSON."""

    heading: str
    message: str
    status: int
    code: str


def of_absence() -> dict[str, tuple[str, str, int]]:
    """Return the words for who is not at the meeting of a vote, and for a quorum that does not hold."""
    return {
        "absent": (
            _("You vote in the meeting"),
            _("No vote was cast. Check in to the meeting first, then come back. If you are checked in already, the"
              " officer looks at your check-in: ask there."),
            403,
        ),
        "no_quorum": (
            _("Too few members are present"),
            _("No vote was cast. The ballot opens when enough members are here. Look at the screen in the room, then"
              " try again."),
            409,
        ),
    }  # fmt: skip


def of_state(link: Link) -> Words:
    """Return the words for a link that opens no ballot."""
    election = link.token.election if link.token else None
    found = {
        LinkState.VOTED: (_("You already voted"), _voted(link), 409),
        LinkState.EXPIRED: (
            _("The time of this link is over"),
            _("No vote was cast with it. A new link goes to the same e-mail address when you press the button."),
            410,
        ),
        LinkState.REPLACED: (
            _("There is a newer link"),
            _("This one was replaced. Open the newest mail from the Election Commission and use the link in it."),
            410,
        ),
        LinkState.CLOSED: (_("The election is closed"), _("No more votes can be cast."), 410),
        LinkState.NOT_OPEN: (
            _("The election is not open yet"),
            _("Voting begins on %(moment)s. Keep the mail and open the link again then.",
              moment=format_datetime(election.opens_at, MOMENT)) if election else "",
            409,
        ),
        LinkState.SUSPENDED: (
            _("Your entry on the electoral roll needs a look"),
            _("You cannot vote at the moment. Ask the Election Commission."),
            403,
        ),
        LinkState.ABSENT: of_absence()["absent"],
        LinkState.NO_QUORUM: of_absence()["no_quorum"],
        LinkState.UNKNOWN: (
            _("This link does not work"),
            _("Open it from the mail again, or copy it whole. If it still does not work, ask the Election Commission."),
            404,
        ),
    }  # fmt: skip
    heading, message, status = found[link.state]
    return Words(heading, message, status, link.state.value)


def no_ticket() -> Words:
    """Return the words for somebody who comes without a link, or whose page stood open too long."""
    return Words(
        _("Open the link in your mail"),
        _("This page needs your personal link. It is in the mail from the Election Commission. No vote was cast."),
        403,
        "link_needed",
    )


def of_new_link(sent: bool, address: str) -> Words:
    """Return the words after a voter asked for a new link; `address` is masked."""
    if sent:
        text = _(
            "It goes to %(address)s and arrives within minutes. The link that you opened works no more.",
            address=address,
        )
        return Words(_("A new link is on its way"), text, 200, "sent")
    text = _("It went to %(address)s. Look into the folder for unwanted mail too, or ask the Election Commission.",
             address=address)  # fmt: skip
    return Words(_("A new link was sent a few minutes ago"), text, 429, "sent_lately")


def of_cast(kind: str) -> Words:
    """Return the words for a cast that was not accepted."""
    found = {
        "already_voted": (_("You already voted"), _("Your first vote stands. This one was not cast."), 409),
        "pass_over": (
            _("This link is over"),
            _("No vote was cast. A newer mail may hold a newer link; if not, open this one again."),
            410,
        ),
        "suspended": (
            _("Your entry on the electoral roll needs a look"),
            _("No vote was cast. Ask the Election Commission."),
            403,
        ),
        "closed": (_("The election is closed"), _("No vote was cast. No more votes can be cast."), 410),
        "other_channel": (_("This election has no links"), _("No vote was cast. Ask the Election Commission."), 409),
        "stopped": (_("This election is stopped"), _("No vote was cast. Ask the Election Commission."), 409),
        **of_absence(),
    }
    return Words(*found[kind], kind)


def of_paper(paper: Paper) -> Words:
    """Return the words for an election in which a signed-in voter cannot vote now."""
    voted = _("Your vote is cast. There is nothing left to do.")
    if paper.voted_at is not None:
        moment = format_datetime(paper.voted_at, MOMENT)
        voted = _("Your vote was cast on %(moment)s. There is nothing left to do.", moment=moment)
    opens = format_datetime(paper.election.opens_at, MOMENT)
    found = {
        BallotState.VOTED: (_("You already voted"), voted, 409),
        BallotState.CLOSED: (_("The election is closed"), _("No more votes can be cast."), 410),
        BallotState.NOT_OPEN: (
            _("The election is not open yet"), _("Voting begins on %(moment)s.", moment=opens), 409,
        ),
        BallotState.SUSPENDED: (
            _("Your entry on the electoral roll needs a look"),
            _("You cannot vote at the moment. Ask the Election Commission."),
            403,
        ),
        BallotState.IDENTITY: (
            _("Show your face first"),
            _("This election asks for it before the ballot. No vote was cast."),
            403,
        ),
        BallotState.ABSENT: of_absence()["absent"],
        BallotState.NO_QUORUM: of_absence()["no_quorum"],
        BallotState.OTHER_CHANNEL: (
            _("You vote in another way here"),
            _("This election is not voted in with an account. Look under My elections how."),
            409,
        ),
    }  # fmt: skip
    return Words(*found[paper.state], paper.state.value)


def of_account_cast(kind: str) -> Words:
    """Return the words for a cast in the account that was not accepted."""
    if kind == "pass_over":
        words = _("No vote was cast. You signed out in another window, or the check of your face is too long ago.")
        return Words(_("The ballot was open too long"), words, 409, kind)
    if kind == "other_channel":
        words = _("No vote was cast. This election is not voted in with an account.")
        return Words(_("You vote in another way here"), words, 409, kind)
    return of_cast(kind)


def _voted(link: Link) -> str:
    if link.voted_at is None:
        return _("Your vote is cast. There is nothing left to do.")
    moment = format_datetime(link.voted_at, MOMENT)
    return _("Your vote was cast on %(moment)s. There is nothing left to do.", moment=moment)
