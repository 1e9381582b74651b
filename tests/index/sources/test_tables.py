"""Tables to lines: every row is led by the cells that head it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sources.extract.tables import Cell, table_lines


def heads(*texts: str) -> list[Cell]:
    return [Cell(text, heads=True) for text in texts]


def cells(*texts: str) -> list[Cell]:
    return [Cell(text) for text in texts]


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([heads("Year", "Toll"), cells("1986", "40 crowns"), cells("1990", "")],
         ["Year: 1986 · Toll: 40 crowns", "Year: 1990"]),
        ([heads("", "1986", "1990"), [*heads("Toll"), *cells("40 crowns", "50")]],
         ["Toll · 1986: 40 crowns · 1990: 50"]),
        ([heads("Year:", "Toll"), [*heads("1986"), *cells("40")]], ["Year: 1986 · Toll: 40"]),
        ([[*heads("Born"), *cells("1950")], [*heads("Died"), *cells("1999", "at sea")]],
         ["Born: 1950", "Died: 1999 · at sea"]),
        ([cells("a", "b"), cells("c", "c"), cells("", "")], ["a · b", "c · c"]),
        ([cells("Line", "Stops"), cells("Red", "14"), cells("Blue", "21")],
         ["Line: Red · Stops: 14", "Line: Blue · Stops: 21"]),
        ([cells("", "May", "June"), cells("Rain", "much", "none")], ["Rain · May: much · June: none"]),
        ([cells("Anna", "soup"), cells("Olaf", "fish")], ["Anna · soup", "Olaf · fish"]),
        ([[Cell("Station", True, down=2), Cell("Trains", True, across=2)], heads("weekdays", "Sundays"),
          cells("Elms", "14", "6")],
         ["Station: Elms · Trains weekdays: 14 · Trains Sundays: 6"]),
        ([heads("Line", "Stop"), [Cell("Red", down=2), Cell("Elms")], cells("Orla")],
         ["Line: Red · Stop: Elms", "Line: Red · Stop: Orla"]),
        ([heads("Year", "Toll"), [Cell("After the war", across=2)], cells("1950", "3")],
         ["After the war", "Year: 1950 · Toll: 3"]),
        ([[Cell("The ship", True, across=2)], [*heads("Built"), *cells("1850")]],
         ["The ship", "Built: 1850"]),
        ([heads("A", "B"), cells("1", "2"), heads("C", "D"), cells("3", "4")],
         ["A: 1 · B: 2", "C: 3 · D: 4"]),
        ([heads("x" * 81, "B"), cells("1", "2")], ["1 · B: 2"]),
        ([heads("Year", "Toll")], ["Year · Toll"]),
        ([], []),
    ],
)  # fmt: skip
def test_a_row_is_led_by_what_heads_it(rows: list[list[Cell]], lines: list[str]) -> None:
    assert list(table_lines(rows)) == lines


@given(
    st.lists(
        st.lists(
            st.builds(
                Cell, st.text(max_size=3), st.booleans(), st.integers(-1, 10**9), st.integers(-1, 10**9)
            ),
            max_size=5,
        ),
        max_size=6,
    )
)
def test_no_word_of_a_cell_that_heads_nothing_is_lost(rows: list[list[Cell]]) -> None:
    lines = list(table_lines(rows))
    assert all(lines)
    assert all(
        any(cell.text in line for line in ["", *lines]) for row in rows for cell in row if not cell.heads
    )
