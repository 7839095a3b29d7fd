"""The `_()` of templates gives what Flask-Babel's gives, at a fraction of the time."""

from __future__ import annotations

import pytest
from babel.support import Translations
from flask_babel import force_locale, get_domain, get_translations
from jinja2.ext import _make_new_gettext

GERMAN = {"Check in": "Einchecken", "100%%": "100 %%", "Hello %(name)s": "Hallo, %(name)s"}
CASES = (
    ("{{ _('Check in') }}", {}),
    ("{{ _('100%%') }}", {}),
    ("{{ _('Hello %(name)s', name=name) }}", {"name": "<b>Zoë</b>"}),
    ("{{ _('<b>%(name)s</b>', name=name) }}", {"name": "A & B"}),
)


@pytest.fixture
def german(app):
    """A catalogue of German, in this test alone."""
    with app.test_request_context():
        cache, made = get_domain().cache, Translations()
        made._catalog = GERMAN
        cache["de", "messages"] = made
        yield app
        del cache["de", "messages"]


@pytest.mark.parametrize(("source", "values"), CASES)
def test_a_template_gets_the_words_that_flask_babel_gives_also_in_another_language(german, source, values):
    slow = _make_new_gettext(lambda text: get_translations().ugettext(text))
    template = german.jinja_env.from_string(source)
    for language in ("en", "de", "en"):
        with force_locale(language):
            assert template.render(**values) == template.render(**values, _=slow)


def test_the_language_of_a_page_is_told_apart_within_one_request(german):
    template = german.jinja_env.from_string("{{ _('Check in') }}")
    with force_locale("de"):
        assert template.render() == "Einchecken"
    assert template.render() == "Check in"
