"""Who may call a route: every view carries `@public` or `@requires(...)`, or the application does not start."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from werkzeug.wrappers import Response

from blueprints import silence
from blueprints.http import asks_by_itself, mark_refused, wants_json
from services.errors import DomainError, Forbidden
from services.security import Permission, has_permission

View = Callable[..., Any]
SETUP_ENDPOINTS = frozenset({"account.second_step", "api.me", "api.logout"})
"""What is open to staff who have still to set up the second step that the installation asks for: setting it up, and
in the API who one is and the way out."""
FRAMEWORK_ENDPOINTS = frozenset({"static"})


class SignInNeeded(DomainError):
    status, code = 401, "sign_in_needed"
    message = N_("Sign in first.")


class SecondStepNeeded(DomainError):
    status, code = 403, "second_step_needed"
    message = N_("Set up your second step first.")


class PolicyMissing(RuntimeError):
    """A route does not say who may call it."""


def public(view: View) -> View:
    """Mark a view that anybody may call."""
    view.__policy__ = "public"  # type: ignore[attr-defined]
    return view


def requires(permission: Permission) -> Callable[[View], View]:
    """Mark a view that needs a permission of the present principal (staff or kiosk)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            principal = g.get("principal")
            if principal is None:
                return _ask_to_sign_in(permission)
            if principal.must_set_up and request.endpoint not in SETUP_ENDPOINTS:
                return _ask_to_set_up()
            if not has_permission(principal.role, permission):
                raise Forbidden(_("You are signed in as %(role)s and cannot do this.", role=principal.role))
            return view(*args, **kwargs)

        guarded.__policy__ = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def check_policies(app: Flask) -> None:
    """Refuse to start when a route carries no policy."""
    bare = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in FRAMEWORK_ENDPOINTS and not hasattr(app.view_functions[rule.endpoint], "__policy__")
    ]
    if bare:
        raise PolicyMissing(f"These routes carry neither @public nor @requires: {sorted(bare)}")


def _ask_to_set_up() -> Response:
    if wants_json():
        raise SecondStepNeeded(_("Set up your second step first."))
    return redirect(url_for("account.second_step"))


def _ask_to_sign_in(permission: Permission) -> Response:
    mark_refused("not_signed_in")
    silent = g.get("silent")
    if wants_json() or (silent and asks_by_itself()):
        raise SignInNeeded(silence.words() if silent else _("Sign in first."))
    if permission is Permission.OWN_VOTES:
        return redirect(url_for("voter.login"))
    if permission is Permission.POLL:
        return redirect(url_for("landing.index", room="polling"))
    if silent:
        silence.lead_out(silent)
    return redirect(url_for("landing.index", room="commission"))
