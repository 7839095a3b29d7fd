"""One plain sentence for every event type, and what changed.

A test fails when the code records a type that has no sentence here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as N_
from sqlalchemy import select

from models import AuditLog, Election, db
from services.audit_trail.setting_words import name_of, value_of

SENTENCES: dict[str, Any] = {
    "operator:voter:data_exported": N_("%(actor)s copied all data of voter ID %(voter_number)s for that voter."),
    "operator:voter:erased": N_("%(actor)s erased the voter with the voter ID %(voter_number)s: %(reason)s"),
    "operator:backup:made": N_("%(actor)s made a backup of the data: %(name)s."),
    "operator:backup:keys_copied": N_("%(actor)s made a copy of the keys: %(name)s."),
    "operator:backup:restored": N_(
        "%(actor)s restored the backup %(name)s. Its audit log ended at block %(count)s; what came later is not here."
    ),
    "outside:api_tokens:reused": N_("A refresh token of the API came a second time: its session was ended."),
    "voter:attendance:checked_in": N_("Voter ID %(voter_number)s checked in to %(title)s: %(status)s."),
    "voter:member_device:bound": N_("A device of voter ID %(voter_number)s was bound at the first check-in."),
    "voter:member_device:change_asked": N_("Voter ID %(voter_number)s asked for another device."),
    "staff:member_device:change_approved": N_(
        "%(actor)s approved another device of voter ID %(voter_number)s. %(reason)s"
    ),
    "staff:member_device:change_refused": N_(
        "%(actor)s refused another device of voter ID %(voter_number)s: %(reason)s"
    ),
    "staff:attendance:entered": N_("%(actor)s checked voter ID %(voter_number)s in to %(title)s by hand: %(reason)s"),
    "staff:attendance:exported": N_("%(actor)s exported the attendance of %(title)s."),
    "staff:attendance:figures_exported": N_("%(actor)s exported figures of the attendance (%(kind)s)."),
    "staff:attendance:confirmed": N_(
        "%(actor)s confirmed the check-in of voter ID %(voter_number)s to %(title)s. %(reason)s"
    ),
    "staff:attendance:rejected": N_(
        "%(actor)s rejected the check-in of voter ID %(voter_number)s to %(title)s: %(reason)s"
    ),
    "staff:attendance:objection_accepted": N_(
        "%(actor)s accepted the objection of voter ID %(voter_number)s about %(title)s: %(reason)s"
    ),
    "staff:attendance:objection_refused": N_(
        "%(actor)s did not accept the objection of voter ID %(voter_number)s about %(title)s: %(reason)s"
    ),
    "voter:attendance:objected": N_("Voter ID %(voter_number)s objected to the rejected check-in to %(title)s."),
    "staff:attendance:left": N_("%(actor)s noted that voter ID %(voter_number)s left %(title)s."),
    "voter:attendance:left": N_("Voter ID %(voter_number)s left %(title)s."),
    "voter:attendance:returned": N_("Voter ID %(voter_number)s came back to %(title)s."),
    "staff:attendance:returned": N_("%(actor)s noted that voter ID %(voter_number)s is back at %(title)s."),
    "staff:meeting:closed": N_("%(actor)s closed the meeting %(title)s."),
    "staff:meeting:code_expired": N_("%(actor)s ended the code of the meeting %(title)s."),
    "staff:meeting:created": N_("%(actor)s made the meeting %(title)s."),
    "staff:meeting:extended": N_("%(actor)s let the meeting %(title)s end later."),
    "staff:meeting:new_code": N_("%(actor)s gave the meeting %(title)s a new code."),
    "worker:meeting:closed": N_("The meeting %(title)s closed at its end."),
    "kiosk:ballot:abandoned": N_("A voter left the ballot at %(kiosk)s without voting."),
    "kiosk:ballot:extended": N_("A voter at %(kiosk)s asked for more time."),
    "kiosk:ballot:returned": N_("A voter went back from the ballot at %(kiosk)s."),
    "kiosk:document:cancelled": N_("An identification by document at %(kiosk)s was cancelled."),
    "kiosk:officer:called": N_("%(kiosk)s called the officer."),
    "kiosk:vote:cast": N_("A vote was cast at %(actor)s, reference %(audit_ref)s."),
    "kiosk:voter:guessed": N_("Voter IDs that nobody has were tried out at %(kiosk)s: %(count)s in a row."),
    "kiosk:voter:identified": N_("Voter ID %(voter_number)s was recognised at %(kiosk)s by %(method)s."),
    "kiosk:voter:refused": N_("Voter ID %(voter_number)s was turned away at %(kiosk)s: %(reason)s."),
    "kiosk:voter:not_identified": N_("At %(kiosk)s voter ID %(voter_number)s was not recognised: %(reason)s."),
    "voter:vote:cast": N_("A vote was cast by a voting link, reference %(audit_ref)s."),
    "voter:vote:refused": N_("Voter ID %(voter_number)s came by a link and was turned away: %(reason)s."),
    "voter:voting_link:asked_again": N_("Voter ID %(voter_number)s asked for a new voting link."),
    "staff:voting_link:replaced": N_("%(actor)s sent voter ID %(voter_number)s a new voting link."),
    "staff:voting_link:sent": N_("%(actor)s sent voter ID %(voter_number)s a voting link."),
    "staff:voting_links:renewed": N_("%(actor)s sent new voting links to all who had not voted: %(count)s."),
    "staff:voting_links:sent": N_("%(actor)s sent voting links to %(count)s voters."),
    "worker:voting_links:made": N_("Voting links were made and mailed: %(count)s."),
    "staff:account:created": N_("%(actor)s added %(username)s as %(role)s."),
    "staff:account:unlocked": N_("%(actor)s forgot %(count)s failed sign-ins of %(username)s."),
    "staff:account:deactivated": N_("%(actor)s deactivated %(username)s."),
    "staff:account:reactivated": N_("%(actor)s gave %(username)s the access back."),
    "staff:account:role_changed": N_("%(actor)s gave %(username)s another role."),
    "staff:election_staff:added": N_("%(actor)s put %(username)s on the list of the election's staff."),
    "staff:election_staff:removed": N_("%(actor)s took %(username)s off the list of the election's staff."),
    "outside:head_mail:confirmed": N_("%(name)s confirmed the address: heads are mailed there from now on."),
    "outside:head_mail:stopped": N_("%(name)s wants no more mails with heads."),
    "staff:head_mail:added": N_("%(actor)s entered %(name)s for mails with heads."),
    "staff:head_mail:asked_again": N_("%(actor)s asked %(name)s again to confirm the address for heads."),
    "staff:head_mail:removed": N_("%(actor)s removed %(name)s from the mails with heads."),
    "worker:head_mail:ended": N_("The last heads were mailed; the mails to %(count)s people outside ended."),
    "staff:invitation:accepted": N_("%(username)s accepted the invitation and joined as %(role)s."),
    "staff:invitation:resent": N_("%(actor)s sent the invitation of %(name)s again."),
    "staff:invitation:sent": N_("%(actor)s invited %(name)s as %(role)s."),
    "staff:invitation:withdrawn": N_("%(actor)s took the invitation of %(name)s back."),
    "staff:password:changed": N_("%(actor)s changed the own password."),
    "staff:password:link_made": N_("%(actor)s made a link for a new password of %(username)s."),
    "staff:password:reset": N_("%(username)s set a new password by a link."),
    "staff:second_step:delayed": N_("A second step of %(username)s had to wait after wrong codes."),
    "staff:second_step:disabled": N_("%(actor)s turned the own second step off."),
    "staff:second_step:new_codes": N_("%(actor)s made new recovery codes."),
    "staff:second_step:recovered": N_("%(username)s signed in with a recovery code; %(count)s are left."),
    "staff:second_step:refused": N_("A second step of %(username)s was refused."),
    "staff:second_step:reset": N_("%(actor)s took the second step of %(username)s away."),
    "staff:second_step:set_up": N_("%(actor)s set the second step up."),
    "staff:session:ended_all": N_("%(actor)s ended all sessions of %(username)s: %(count)s."),
    "staff:approval:expired": N_("The request to %(act)s ran out: nobody confirmed it in ten minutes."),
    "staff:approval:performed": N_("%(actor)s confirmed what %(requested_by)s asked for: %(act)s. Reason: %(reason)s"),
    "staff:approval:refused": N_("%(actor)s tried to confirm %(act)s, which was not possible: %(reason)s"),
    "staff:approval:rejected": N_("%(actor)s rejected what %(requested_by)s asked for: %(act)s. Note: %(note)s"),
    "staff:approval:requested": N_("%(actor)s asked for a second person to confirm: %(act)s. Reason: %(reason)s"),
    "staff:approval:withdrawn": N_("%(actor)s withdrew the request to %(act)s."),
    "staff:attempt:confirmed": N_(
        "%(actor)s found attempt %(subject_id)s of voter ID %(voter_number)s right: %(reason)s"
    ),
    "staff:attempt:rejected": N_("%(actor)s rejected attempt %(subject_id)s of voter ID %(voter_number)s: %(reason)s"),
    "staff:attempt:pending": N_("%(actor)s put attempt %(subject_id)s of voter ID %(voter_number)s back: %(reason)s"),
    "staff:audit:exported": N_("%(actor)s exported the audit log (%(kind)s)."),
    "staff:booth_sheet:noted": N_("%(actor)s wrote why the sheet of %(kiosk)s does not balance."),
    "staff:box_key:copied": N_("%(actor)s downloaded a recovery copy of the box key."),
    "staff:box_key:destroyed": N_("%(actor)s destroyed the box key."),
    "staff:box_key:restored": N_("%(actor)s put the box key back from a copy."),
    "staff:candidate:changed": N_("%(actor)s changed the candidate %(name)s."),
    "staff:candidate:created": N_("%(actor)s added the candidate %(name)s."),
    "staff:candidate:deleted": N_("%(actor)s deleted the candidate %(name)s."),
    "staff:candidate:moved": N_("%(actor)s moved the candidate %(name)s on the ballot."),
    "staff:document:checked": N_("%(actor)s checked an identity document at %(kiosk)s."),
    "staff:document:confirmed": N_("%(actor)s confirmed an identity document at %(kiosk)s as the second person."),
    "staff:election:archived": N_("%(actor)s archived the election."),
    "staff:election:changed": N_("%(actor)s changed the rules of the draft."),
    "staff:election:close_reason": N_("%(actor)s gave a reason for closing: %(reason)s"),
    "staff:election:closed": N_("%(actor)s closed the election."),
    "staff:election:copied": N_("%(actor)s copied election %(subject_id)s into the draft %(title)s."),
    "staff:election:created": N_("%(actor)s made the draft %(title)s."),
    "staff:election:deleted": N_("%(actor)s deleted the draft %(title)s."),
    "staff:election:extended": N_("%(actor)s extended the election. Reason: %(reason)s"),
    "staff:election:lot_order": N_("%(actor)s set the lot order (%(kind)s)."),
    "staff:election:nota_rule": N_("%(actor)s set the rule for a win of none of the above."),
    "staff:election:opened": N_("%(actor)s opened the election and signed its definition."),
    "staff:election:reset": N_("%(actor)s archived the round and opened a fresh one (election %(next_round)s)."),
    "staff:election:scheduled": N_("%(actor)s let the election open by itself at its time."),
    "staff:election:unscheduled": N_("%(actor)s stopped the election from opening by itself."),
    "staff:evidence:viewed": N_("%(actor)s looked at the evidence of attempts and check-ins."),
    "staff:face:compared": N_("%(actor)s compared a photo with the face of voter ID %(voter_number)s: %(result)s."),
    "staff:face:deleted": N_("%(actor)s deleted %(pictures)s pictures of voter ID %(voter_number)s."),
    "staff:face:enrolled": N_("%(actor)s enrolled %(pictures)s pictures of voter ID %(voter_number)s."),
    "staff:face:enrolled_again": N_("%(actor)s enrolled voter ID %(voter_number)s again, with %(pictures)s pictures."),
    "staff:face:enrolment_refused": N_("%(actor)s took no good pictures of voter ID %(voter_number)s: %(reason)s"),
    "staff:verifications:exported": N_("%(actor)s exported the verification log: %(count)s rows."),
    "staff:face:judged": N_("%(actor)s judged how alike voter IDs %(voter_number)s and %(name)s are: %(reason)s"),
    "staff:faces:erased": N_("%(actor)s erased the faces of %(count)s voters, %(pictures)s pictures: %(reason)s."),
    "staff:group:created": N_("%(actor)s added the group %(name)s."),
    "staff:group:deleted": N_("%(actor)s deleted the group %(name)s with %(count)s members."),
    "staff:group:joined": N_("%(actor)s put %(count)s voters into the group %(name)s."),
    "staff:group:left": N_("%(actor)s took %(count)s voters out of the group %(name)s."),
    "staff:group:renamed": N_("%(actor)s renamed a group."),
    "staff:kiosk:ended": N_("%(actor)s closed %(kiosk)s."),
    "staff:kiosk:opened": N_("%(actor)s opened %(kiosk)s."),
    "staff:kiosk:stopped": N_("%(actor)s stopped %(kiosk)s from the desk: %(reason)s"),
    "staff:party:changed": N_("%(actor)s changed the party %(name)s."),
    "staff:party:created": N_("%(actor)s added the party %(name)s."),
    "staff:party:deleted": N_("%(actor)s deleted the party %(name)s."),
    "staff:result:exported": N_("%(actor)s exported the result (%(kind)s)."),
    "staff:result:tie_resolved": N_("%(actor)s resolved the tie by %(method)s."),
    "staff:result:viewed": N_("%(actor)s looked at the result."),
    "staff:roll:exported": N_("%(actor)s downloaded the electoral roll."),
    "staff:roll:import_cancelled": N_("%(actor)s cancelled an import of voters."),
    "staff:roll:imported": N_("%(actor)s imported a file of voters with %(count)s rows."),
    "staff:roll:suspension": N_("%(actor)s changed the suspension of %(count)s voters of an open roll: %(reason)s"),
    "staff:voters:exported": N_("%(actor)s downloaded the register of voters."),
    "staff:roll:added": N_("%(actor)s added to the electoral roll: %(voter_number)s %(count)s"),
    "staff:roll:removed": N_("%(actor)s removed from the electoral roll: %(voter_number)s %(count)s"),
    "staff:session:delayed": N_("A sign-in as %(username)s had to wait after five failures."),
    "staff:session:ended": N_("%(actor)s signed out."),
    "staff:session:refused": N_("A sign-in as %(username)s failed."),
    "staff:session:silent": N_("%(actor)s was signed out after a time without an act."),
    "staff:session:started": N_("%(username)s signed in as %(role)s."),
    "staff:voter:changed": N_("%(actor)s changed the entry of voter ID %(voter_number)s."),
    "staff:voter:created": N_("%(actor)s added voter ID %(voter_number)s."),
    "staff:voter:deleted": N_("%(actor)s deleted voter ID %(voter_number)s with %(pictures)s pictures."),
    "staff:voter:suspension_lifted": N_("%(actor)s lifted the suspension of voter ID %(voter_number)s: %(reason)s"),
    "staff:voter:shown": N_("%(actor)s looked voter ID %(voter_number)s up."),
    "staff:voter:suspended": N_("%(actor)s suspended voter ID %(voter_number)s: %(reason)s"),
    "system:ballots:stopped": N_("The sealing was stopped: %(reason)s"),
    "system:election:stopped": N_("The election was stopped: %(reason)s"),
    "system:face:flagged": N_("The face of voter ID %(voter_number)s resembles another voter's."),
    "system:picture:damaged": N_("A stored picture is damaged."),
    "system:requests:burst": N_("%(count)s requests from one address were refused within five minutes."),
    "operator:fernet_key:retired": N_("%(actor)s removed %(count)s old Fernet keys."),
    "operator:fernet_key:rotated": N_("%(actor)s added a new Fernet key."),
    "operator:storage:migrated": N_("%(actor)s copied the stored files to another place: %(count)s were compared."),
    "operator:signing_key:rotated": N_(
        "%(actor)s replaced the signing key. The new one has the fingerprint %(fingerprint)s."
    ),
    "operator:secrecy:attacked": N_("%(actor)s attacked the secrecy of the election: %(count)s ballots were linked."),
    "staff:registration:approved": N_("%(actor)s opened an account for voter ID %(voter_number)s (%(kind)s)."),
    "staff:registration:refused": N_("%(actor)s refused registration %(subject_id)s: %(reason)s"),
    "voter:registration:confirmed": N_("Registration %(subject_id)s came in and waits for a decision."),
    "voter:identity:proved": N_("Voter ID %(voter_number)s was recognised in the account by face."),
    "voter:identity:refused": N_("In the account voter ID %(voter_number)s was not recognised: %(reason)s."),
    "voter:session:started": N_("Voter ID %(voter_number)s signed in to the account."),
    "voter:session:ended": N_("Voter ID %(actor)s signed out."),
    "voter:session:refused": N_("A sign-in to a voter account failed (voter ID %(voter_number)s)."),
    "voter:session:delayed": N_("A sign-in to a voter account had to wait after five failures."),
    "voter:code:refused": N_("A mailed code for a voter account was refused."),
    "voter:device:trusted": N_("Voter ID %(voter_number)s trusts a browser: it is asked for no code."),
    "voter:device:revoked": N_("Voter ID %(actor)s trusts a browser no more."),
    "voter:password:set": N_("Voter ID %(voter_number)s set a first password."),
    "voter:password:reset": N_("Voter ID %(voter_number)s set a new password by a link."),
    "voter:password:changed": N_("Voter ID %(voter_number)s changed the password."),
    "voter:password:link_made": N_("Voter ID %(voter_number)s asked for a link for a new password."),
    "worker:election:closed": N_("The election closed at its time."),
    "worker:ballots:counted": N_("The worker counted %(count)s ballots in rounds."),
    "worker:mail:stopped": N_("No mail leaves any more until somebody mends it: %(reason)s."),
    "provider:mail:bounced": N_("The mail provider reported that %(count)s mails bounced."),
    "outside:mail:not_me": N_("Somebody who got a mail for voter ID %(voter_number)s says: this is not me."),
    "staff:mail:not_me_settled": N_("%(actor)s looked at the report about the address of voter ID %(voter_number)s."),
    "staff:mail:planned": N_("%(actor)s planned mails to all voters concerned: %(kind)s."),
    "staff:mail:plan_cancelled": N_("%(actor)s cancelled planned mails: %(kind)s."),
    "worker:mail:plan_done": N_("The worker wrote %(count)s planned mails: %(kind)s."),
    "staff:mail:resumed": N_("%(actor)s had it tried at once whether mails leave again, after: %(reason)s."),
    "staff:mail:retried": N_("%(actor)s let %(count)s mails be sent again."),
    "worker:ballots:sealed": N_("The worker sealed %(count)s ballots."),
    "worker:ballots:spoiled": N_("The worker set %(spoiled)s ballots aside as spoiled."),
    "worker:election:not_opened": N_("The election did not open at its time: %(reason)s."),
    "worker:faces:erased": N_("The worker erased the faces of %(count)s voters, %(pictures)s pictures: %(reason)s."),
    "worker:pictures:removed": N_("The worker removed %(count)s pictures: %(reason)s."),
}

SUBJECTS: dict[str, Any] = {
    "attendance": N_("Check-ins"), "meeting": N_("Meetings"), "member_device": N_("Devices of members"),
    "account": N_("Accounts"), "approval": N_("Approvals"), "attempt": N_("Attempts"), "audit": N_("Audit log"),
    "backup": N_("Backups"),
    "ballot": N_("Ballots at the booth"), "ballots": N_("Sealing"), "booth_sheet": N_("Booth sheets"),
    "box_key": N_("Box keys"), "candidate": N_("Candidates"), "document": N_("Documents"), "election": N_("Elections"),
    "election_staff": N_("Staff of elections"), "invitation": N_("Invitations"), "second_step": N_("Second steps"),
    "secrecy": N_("Attacks on secrecy"), "signing_key": N_("Signing keys"), "fernet_key": N_("Fernet keys"),
    "evidence": N_("Evidence"), "face": N_("Faces"), "faces": N_("Faces erased"), "group": N_("Groups"),
    "head_mail": N_("Mails with heads"), "mail": N_("Mail"), "storage": N_("Stored files"),
    "api_tokens": N_("Sign-ins of programs"), "kiosk": N_("Kiosks"), "password": N_("Passwords"),
    "officer": N_("Calls for the officer"), "party": N_("Parties"), "registration": N_("Registrations"),
    "identity": N_("Faces in accounts"),
    "code": N_("Mailed codes"), "device": N_("Trusted browsers"), "picture": N_("Pictures"),
    "pictures": N_("Pictures removed"), "requests": N_("Refused requests"), "result": N_("Results"),
    "roll": N_("Electoral roll"), "session": N_("Sign-ins"), "vote": N_("Votes"), "voter": N_("Voters"),
    "voting_link": N_("Voting links, one by one"), "voting_links": N_("Voting links, whole roll"),
    "verifications": N_("Verification log"),
    "voters": N_("Imports and exports of voters"),
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One setting, as text."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True)
class Row:
    """A row in words; `at` is UTC."""

    id: int
    at: datetime
    event: str
    actor: str
    election: str
    sentence: str
    changes: tuple[Change, ...]


class _Details(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def row_in_words(row: AuditLog, titles: Mapping[int, str] | None = None) -> Row:
    """Return a row with its sentence; `titles` are the elections' by number, looked up when they are not given."""
    titles = titles if titles is not None else titles_of([row])
    said = {name: str(value) for name, value in row.details.items() if not isinstance(value, (dict, list))}
    if "act" in said:
        said["act"] = said["act"].replace("_", " ")
    if "reason" in said and row.event_type.startswith("kiosk:"):
        said["reason"] = said["reason"].replace("_", " ")
    words = SENTENCES.get(row.event_type)
    sentence = str(words) % _Details(said, actor=row.actor) if words else f"{row.actor}: {row.event_type}"
    election = titles.get(row.election_id, "") if row.election_id is not None else ""
    return Row(row.id, row.created_at, row.event_type, row.actor, election, sentence, changes(row.details))


def titles_of(rows: Iterable[AuditLog]) -> dict[int, str]:
    """Return the titles of the elections that rows name."""
    numbers = {row.election_id for row in rows if row.election_id is not None}
    if not numbers:
        return {}
    found = db.session.execute(select(Election.id, Election.title).where(Election.id.in_(numbers)))
    return {number: title for number, title in found}  # noqa: C416 (rows are no pairs to mypy)


def changes(details: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what changed: each setting of a row by its name in words, or the two values themselves.

    What a row says without a before (the figures of an import) has none.
    """
    before, after = details.get("before"), details.get("after")
    if before is None and after is None:
        return ()
    if isinstance(before, dict) or isinstance(after, dict):
        old, new = before if isinstance(before, dict) else {}, after if isinstance(after, dict) else {}
        names = sorted(old.keys() | new.keys())
        was = {name: None if before is None else value_of(old.get(name)) for name in names}
        return tuple(Change(name_of(name), was[name], value_of(new.get(name))) for name in names)
    return (Change("", value_of(before), value_of(after)),)


def subjects() -> list[tuple[str, str]]:
    """Return the kinds that can be filtered by, with their names, in the order of the names."""
    return sorted(((name, str(words)) for name, words in SUBJECTS.items()), key=lambda pair: pair[1])


def types_of(subject: str) -> list[str]:
    """Return the event types of a kind; a whole type stands for itself."""
    if ":" in subject:
        return [subject]
    return [event for event in SENTENCES if event.split(":")[1] == subject]
