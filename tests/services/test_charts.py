from xml.etree import ElementTree

from services.charts import Column, column_chart


def test_columns_stand_in_proportion_and_hours_to_come_are_dashed():
    drawing = str(column_chart([Column("8", 50), Column("9", 100), Column("10", None)], "Votes", "h"))
    root = ElementTree.fromstring(drawing)
    half, whole = (float(rect.get("height")) for rect in root.iter("rect") if rect.get("class") == "column")
    assert whole == 2 * half > 0
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
    assert [float(rect.get("height")) for rect in root.iter("rect")] == [0.0]


def test_a_chart_without_columns_is_nothing():
    assert column_chart([], "Votes", "h") == ""


def test_a_chart_uses_no_inline_style_which_the_content_policy_forbids():
    assert "style=" not in column_chart([Column("8", 3), Column("9", None)], "Votes", "h")
