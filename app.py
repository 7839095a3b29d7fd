"""The application, as a table of contents."""

from __future__ import annotations

from flask import Flask
from flask_babel import Babel
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from blueprints import (
    account,
    admin,
    api,
    attendance,
    auth,
    cli,
    errors,
    from_replica,
    headers,
    landing,
    limits,
    logs,
    mail,
    media,
    ops,
    policy,
    poll,
    principal,
    request_audit,
    results,
    static_files,
    streams,
    template_words,
    verify,
    vote,
    voter,
    work_gate,
)
from config import Settings, gather_metrics, load_settings
from models import db
from services import database_clock, metrics, pooled
from services.boot import build_platform, check_keys_at_start

BLUEPRINTS = (
    landing.bp, auth.bp, account.bp, admin.bp, poll.bp, vote.bp, voter.bp, results.bp, verify.bp, media.bp, ops.bp,
    mail.bp, attendance.bp, api.bp,
)  # fmt: skip


def live_pages() -> dict[str, streams.Maker]:
    """Return what counts for each kind of live page."""
    return {
        admin.live_desk.KIND: admin.live_desk.make,
        admin.results.KIND: admin.results.figures,
        results.views.KIND: results.views.snapshot,
    }


def create_app(config_name: str | None = None, settings: Settings | None = None) -> Flask:
    """Build the application; raises SettingsError, KeyringError or PolicyMissing rather than start half right."""
    if cli.makes_keys():
        return cli.without_keys()
    settings = settings or load_settings(config_name)
    settings = settings.resolve_database(start=not cli.stops_database())
    app = Flask(__name__)
    app.config.from_mapping(settings.flask_config())
    metrics.keep_in(gather_metrics(settings))
    app.extensions["platform"] = build_platform(settings)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    logs.init_app(app, settings)
    db.init_app(app)
    Migrate(app, db, compare_type=True, compare_server_default=False)
    Babel(app)
    template_words.init_app(app)
    headers.init_app(app)
    static_files.init_app(app)
    principal.init_app(app)
    request_audit.init_app(app)
    limits.init_app(app)
    csrf = CSRFProtect(app)
    # What counts in these is a token or a signature, never a cookie.
    csrf.exempt(api.bp)
    for view in (verify.head_mails.stop_mails, ops.mail_events.mail_events, vote.calls.cast_vote):
        csrf.exempt(view)
    errors.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    from_replica.init_app(app, settings)
    streams.init_app(app, settings, live_pages())
    app.wsgi_app = work_gate.WorkGate(app.wsgi_app)  # type: ignore[method-assign]
    cli.init_app(app)
    policy.check_policies(app)
    with app.app_context():
        pooled.watch(db.engines.values())
        if not app.testing:
            database_clock.follow(engine for bind, engine in db.engines.items() if bind != "replica")
        metrics.watch_pool(db.engines.values())
        check_keys_at_start()
    return app
