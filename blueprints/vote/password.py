"""An invited voter sets a password for an account, from the page that the voting link opened, or later after voting."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints import limits, voting_view
from blueprints import voting_words as words
from blueprints.http import body, text_field, wants_json
from blueprints.policy import public
from blueprints.principal import refuse_booths
from blueprints.vote import bp, link, pages
from models import VotingToken, transaction
from services import voter_accounts
from services.errors import Conflict, ValidationFailed
from services.security.passwords import MIN_LENGTH
from services.voting_links import LinkState

KNOWN = frozenset({LinkState.GOOD, LinkState.VOTED, LinkState.NOT_OPEN})
"""Links that show who came; one that is over, replaced or unknown shows nothing."""


@bp.get("/vote/password")
@public
def own_password() -> Response:
    """Show the form for a first password; a voter who has one is sent to signing in."""
    refuse_booths()
    with transaction():
        return _form({})


@bp.post("/vote/password")
@public
@limits.limiter.limit(limits.LINK_VOTES, key_func=limits.link_key)
def set_own_password() -> Response:
    """Set the first password (`password`, `password_again`); a later one goes by *I forgot my password*."""
    refuse_booths()
    values = body()
    password = text_field(values, "password", 1000, strip=False)
    again = text_field(values, "password_again", 1000, strip=False)
    try:
        with transaction():
            token = _token()
            if isinstance(token, Response):
                return token
            if password != again:
                raise ValidationFailed(fields={"password_again": _("This is not the same password. Type it again.")})
            voter_accounts.set_password(token.voter, password, voting_view.voter_actor())
    except (ValidationFailed, Conflict) as error:
        if wants_json():
            raise
        with transaction():
            return _form(error.fields if isinstance(error, ValidationFailed) else {"password": error.message})
    if wants_json():
        return make_response(jsonify(redirect=url_for("voter.login")))
    flash(_("Your password is set. Sign in with it."), "ok")
    return redirect(url_for("voter.login"), 303)


def _token() -> VotingToken | Response:
    """Return the token of who came by a link and has no password, else the page that says what to do."""
    found = link.present_link()
    if found is None:
        return pages.state_page(words.no_ticket(), None)
    if found.state not in KNOWN or found.token is None:
        return link.state(found)
    if found.token.voter.password_hash is None:
        return found.token
    said = _("You have a password already. Sign in with it.")
    if wants_json():
        raise Conflict(said)
    flash(said, "info")
    return redirect(url_for("voter.login"), 303)


def _form(errors: dict[str, Any]) -> Response:
    token = _token()
    if isinstance(token, Response):
        return token
    page = render_template(
        "vote/password.html", name=token.voter.name, email=token.voter.email, errors=errors, shortest=MIN_LENGTH,
        summary=[(f"f-{name}", said) for name, said in errors.items()],
    )  # fmt: skip
    return make_response(page, ValidationFailed.status if errors else 200)
