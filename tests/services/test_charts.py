from xml.etree import ElementTree

import pytest
from reportlab.graphics.shapes import Rect

from services import charts
from services.charts import Column, bar_svg, column_chart
from services.exports.drawings import drawing
from services.exports.fonts import choose_face


def test_columns_stand_in_proportion_and_hours_to_come_are_dashed():
    drawing = str(column_chart([Column("8", 50), Column("9", 100), Column("10", None)], "Votes", "h"))
    root = ElementTree.fromstring(drawing)
    half, whole = (float(rect.get("height").rstrip("%")) for rect in root.iter("rect") if rect.get("class") == "column")
    assert 0 < half < whole == pytest.approx(2 * half, abs=0.02)
    assert [rect.get("class") for rect in root.iter("rect")].count("future") == 1


def test_a_chart_says_its_title_and_its_values_to_a_screen_reader():
    root = ElementTree.fromstring(str(column_chart([Column("8", 1200), Column("9", None)], "Votes an hour", "h")))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "h-t h-d"
    assert (root.find("title").text, root.find("desc").text) == ("Votes an hour", "8: 1,200")


def test_nobody_can_put_markup_into_a_chart():
    drawing = str(column_chart([Column("<script>", 1)], '"><script>', "h"))
    assert "<script" not in drawing


def test_a_chart_without_votes_has_columns_of_no_height():
    root = ElementTree.fromstring(str(column_chart([Column("8", 0)], "Votes", "h")))
    assert [rect.get("height") for rect in root.iter("rect")] == ["0.00%"]


def test_a_chart_without_columns_is_nothing():
    assert column_chart([], "Votes", "h") == ""


def test_a_chart_uses_no_inline_style_which_the_content_policy_forbids():
    assert "style=" not in column_chart([Column("8", 3), Column("9", None)], "Votes", "h")


def printed(figure, width, height):
    """Return (left, top, width, height) of the boxes of the print, as parts of the drawing."""
    found = [shape for shape in drawing(figure, width, height, choose_face("a")).contents if isinstance(shape, Rect)]
    return [(r.x / width, 1 - (r.y + r.height) / height, r.width / width, r.height / height) for r in found]


def percents(svg):
    root = ElementTree.fromstring(str(svg))
    names = ("x", "y", "width", "height")
    return [tuple(float(rect.get(name).rstrip("%")) / 100 for name in names) for rect in root.iter("rect")]


def test_page_and_print_draw_the_same_chart():
    days = [Column("8", 50), Column("9", 100), Column("10", None)]
    on_page, on_paper = percents(column_chart(days, "Votes", "h")), printed(charts.columns(days), 480, 136)
    assert len(on_page) == len(on_paper) == 3
    for page, paper in zip(on_page, on_paper, strict=True):
        assert page == pytest.approx(paper, abs=0.0002)
    (page,), (paper,) = percents(bar_svg(30, 42.9, 40)), printed(charts.bar(30, "42.9 %", 40), 250, 26)
    assert page == pytest.approx(paper, abs=0.0002)


def test_a_bar_of_nothing_has_no_length_and_nobody_can_put_markup_into_one():
    assert percents(bar_svg(0, 0.0, 0))[0][2] == 0.0
    assert charts.bar(0, "0.0 %", 0).boxes[0].width == 0.0
    assert "<b>" not in str(bar_svg(1, 1.0, 1)) + str(column_chart([Column("<b>", 1)], "t", "u"))


def test_the_bar_of_none_of_the_above_is_hatched_on_page_and_paper():
    assert 'class="nota"' in bar_svg(1, 1.0, 1, nota=True)
    assert charts.bar(1, "", 1, hatched=True).boxes[0].look is charts.Look.HATCHED
