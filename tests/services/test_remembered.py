"""Figures of large elections are kept for as long as their count is worth, small ones never."""

from services.remembered import LARGE, MOST_SECONDS, TIMES, Remembered


class Table:
    """Rows that are counted in `seconds` each time, by a clock of its own."""

    def __init__(self, rows: int, seconds: float) -> None:
        self.rows, self.seconds, self.now, self.counted = rows, seconds, 100.0, 0
        self.figures: Remembered[int] = Remembered(lambda: self.now)

    def ask(self, key: str = "election 1") -> int:
        return self.figures.get(key, self._count, lambda figure: figure)

    def _count(self) -> int:
        self.now += self.seconds
        self.counted += 1
        return self.rows


def test_a_small_figure_is_counted_each_time():
    table = Table(LARGE - 1, 10.0)
    table.ask()
    table.rows = 7
    assert table.ask() == 7


def test_a_large_figure_is_kept_for_many_times_what_it_took():
    table = Table(LARGE, 0.5)
    table.ask()
    table.rows += 1
    table.now += TIMES * 0.5 - 0.01
    assert table.ask() == LARGE
    table.now += 0.02
    assert table.ask() == LARGE + 1


def test_no_figure_is_older_than_a_minute():
    table = Table(LARGE, 1000.0)
    table.ask()
    table.now += MOST_SECONDS + 0.01
    table.ask()
    assert table.counted == 2


def test_each_election_has_its_own_figure():
    table = Table(LARGE, 1.0)
    table.ask()
    table.rows += 5
    assert table.ask("election 2") == LARGE + 5
    assert table.ask() == LARGE
