import io
import sys

import pytest
from PIL import Image

from services.exports import fonts, poster_key, poster_of, share_picture
from tests.support.results import make_result

pytestmark = pytest.mark.usefixtures("app")


def test_the_picture_says_who_is_elected_and_the_right_numbers():
    poster = poster_of(make_result())
    assert (poster.headline, poster.kind) == ("Amina Solberg is elected", "Final result")
    assert poster.bars[0] == ("Amina Solberg", 268, 29.7, False)
    assert poster.bars[-1] == ("None of the above", 22, 2.4, True)
    assert (len(poster.bars), poster.more) == (5, "and 1 more on the page")
    assert poster.turnout == "Turnout 72.3 %: 902 of 1,248"


def test_another_count_is_another_picture_and_the_same_count_is_the_same():
    first, same, other = make_result(), make_result(), make_result(nota=23)
    assert poster_key(poster_of(first)) == poster_key(poster_of(same)) != poster_key(poster_of(other))
    assert share_picture(poster_of(first)) is share_picture(poster_of(same))


def test_letters_that_no_font_here_has_are_said_in_words_and_never_drawn_as_boxes(monkeypatch):
    drawn = []
    share = sys.modules["services.exports.share_picture"]
    monkeypatch.setattr(share, "_line", lambda _pen, _place, text, *_more: drawn.append(text))
    monkeypatch.setattr(share, "picture_fonts", lambda _words: (None, None))
    result = make_result(candidates=[("陈美玲", "", 500), ("Ida Brandt", "", 3)], title="工会选举")
    share.share_picture.__wrapped__(poster_of(result))
    assert drawn[:3] == ["Result of an election", "Who is elected is on the page", poster_of(result).turnout]
    assert drawn[3:5] == ["Candidate 1, see the page", "Ida Brandt"]
    assert fonts.picture_lacks("Zoë Ørsted", None) is False


@pytest.mark.parametrize(
    "result",
    [
        {"candidates": [("A", "", 0), ("B", "", 0)], "nota": 0},
        {"candidates": [("W" * 100, "P" * 100, 3), ("أمينة الصالح", "", 3)], "title": "W" * 120},
        {"candidates": [(f"Candidate {number}", "", number) for number in range(40)]},
        {"total": None, "note": "The ballots stay in the ballot box."},
    ],
    ids=["no votes", "long and right to left", "forty", "not counted"],
)
def test_every_result_gives_a_picture_of_the_same_size(result):
    assert Image.open(io.BytesIO(share_picture(poster_of(make_result(**result))))).size == (1200, 630)
