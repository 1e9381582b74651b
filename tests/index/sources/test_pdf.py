"""PDFs as they are laid out: what their pages say, in the order in which a reader reads them."""

from __future__ import annotations

import random
import zlib
from base64 import b64decode
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.sources.extract.hyphens import Hyphens
from index.sources.extract.pdf.document import pdf as read_pdf
from index.sources.extract.refusals import Refusal
from index.sources.extract.sniff import Format, sniff
from index.sources.limits import DEFAULT_LIMITS
from tests.index.documents import Line, pdf, pdf_objects, pdf_of

LEFT = (
    "The ferry of Ostrow was built in 1931 by",
    "the brothers Anton and Karl Weiss, who",
    "had sold their mill to pay for its engine.",
    "It carried forty people and one cart, and",
    "it sank only twice.",
)
RIGHT = (
    "In 1968 a bridge replaced it. The hull was",
    "sold to a circus, whose bears travelled in",
    "it from town to town. Nobody knows where",
    "it is today, but its bell hangs in the inn at",
    "Ostrow.",
)
LEFT_TEXT, RIGHT_TEXT = " ".join(LEFT), " ".join(RIGHT)


def texts(content: bytes) -> list[str]:
    return read_pdf(content, DEFAULT_LIMITS).text.split("\n\n")


def heads(content: bytes) -> list[str]:
    article = read_pdf(content, DEFAULT_LIMITS)
    return [heading.of(article.text) for heading in article.headings]


def drawn(*parts: str) -> bytes:
    return pdf_of([" ".join(parts).encode("cp1252")])


def set_at(x: float, y: float, words: str, size: float = 10, font: str = "F1") -> str:
    return f"BT /{font} {size} Tf {x} {y} Td ({words}) Tj ET"


def column(lines: Sequence[str], x: float, y: float, size: float = 10) -> list[Line]:
    return [(x, y - 1.2 * size * n, size, line) for n, line in enumerate(lines)]


@pytest.mark.parametrize("offset", [0.0, 5.0])
def test_columns_are_read_one_after_the_other_however_they_are_drawn(offset: float) -> None:
    left, right = column(LEFT, 50, 700), column(RIGHT, 300, 700 - offset)
    title: Line = (50, 760, 18, "The ferry of Ostrow")
    across = [line for pair in zip(left, right, strict=True) for line in pair]
    for lines in (across, left + right, right + left):
        assert texts(pdf([[title, *lines]])) == ["The ferry of Ostrow", LEFT_TEXT, RIGHT_TEXT]


def test_text_over_and_under_columns_is_read_before_and_after_them() -> None:
    over = (
        "A summary goes over both columns and says in a sentence what the "
        "whole article is about, more or less."
    )
    under = (
        "A remark goes under both columns and says in a sentence where all of "
        "this was printed for the first time."
    )
    lines = [
        (50.0, 750.0, 10.0, over),
        *column(LEFT, 50, 700),
        *column(RIGHT, 300, 700),
        (50.0, 600.0, 10.0, under),
    ]
    assert texts(pdf([lines])) == [over, LEFT_TEXT, RIGHT_TEXT, under]


def test_a_sentence_goes_on_in_the_next_column_and_on_the_next_page() -> None:
    first, second = LEFT[:4], ("it sank only twice, both times at night.", *RIGHT[:3], "it is today, but the")
    page = [*column(first, 50, 700), *column(second, 300, 700)]
    assert texts(pdf([page, column(("children of Ostrow still draw it.",), 50, 700)])) == [
        f"{' '.join((*first, *second))} children of Ostrow still draw it."
    ]


ROWS = (
    ("Year", "Toll", "Boats"),
    ("1985", "38 crowns", "12"),
    ("1986", "40 crowns", "9"),
    ("1987", "45 crowns", "7"),
)
ROW_TEXTS = [
    "Year: 1985 · Toll: 38 crowns · Boats: 12",
    "Year: 1986 · Toll: 40 crowns · Boats: 9",
    "Year: 1987 · Toll: 45 crowns · Boats: 7",
]


def test_rows_of_a_table_are_led_by_their_heads() -> None:
    before = (
        "The toll of the ferry was raised each year until the bridge came, as this table of the parish shows."
    )
    after = "The highest toll of all was taken in 1988, when the king crossed with his horses."
    cells = [
        (50.0 + 90 * x, 686.0 - 14 * y, 10.0, cell)
        for y, row in enumerate(ROWS)
        for x, cell in enumerate(row)
    ]
    lines = [(50.0, 700.0, 10.0, before), *cells, (50.0, 630.0, 10.0, after)]
    assert texts(pdf([lines])) == [before, *ROW_TEXTS, after]


def test_cells_of_several_lines_are_read_as_such() -> None:
    rows = [
        ((50, "Name"), (150, "Craft"), (250, "What is known of them")),
        ((50, "Ida Crewe"), (150, "mason"), (250, "built the northern pier and")),
        ((250, "asked for nothing"),),
        ((50, "Tom Hale"), (150, "smith"), (250, "made the chain, whose infor-")),
        ((250, "mation plate is lost"),),
    ]
    heights = (700, 680, 668, 648, 636)
    content = [
        set_at(x, y, words, font="F2" if y == 700 else "F1")
        for y, row in zip(heights, rows, strict=True)
        for x, words in row
    ]
    assert texts(drawn(*content)) == [
        "Name: Ida Crewe · Craft: mason · What is known of them: built the "
        "northern pier and asked for nothing",
        "Name: Tom Hale · Craft: smith · What is known of them: made the "
        "chain, whose information plate is lost",
    ]


def test_cells_are_told_by_the_lines_around_them() -> None:
    rules = [
        *(f"50 {y} m 350 {y} l S" for y in (720, 700, 660, 640)),
        *(f"{x} 720 m {x} 640 l S" for x in (50, 110, 170, 350)),
    ]
    words = [
        set_at(52, 706, "Name", font="F2"), set_at(112, 706, "Town", font="F2"),
        set_at(172, 706, "Hours", font="F2"),
        set_at(52, 676, "Ann Ford"), set_at(112, 676, "Tarn"),
        set_at(172, 688, "from nine in the morning on,"), set_at(172, 676, "but never on a Monday, and"),
        set_at(172, 664, "never in the rain"),
        set_at(52, 646, "Tom Hale"), set_at(112, 646, "Lipova"), set_at(172, 646, "9 to 5"),
    ]  # fmt: skip
    assert texts(drawn(*rules, *words)) == [
        "Name: Ann Ford · Town: Tarn · Hours: from nine in the morning on, but "
        "never on a Monday, and never in the rain",
        "Name: Tom Hale · Town: Lipova · Hours: 9 to 5",
    ]


def test_a_head_over_several_columns_is_said_of_each() -> None:
    rows = [
        ((190, "Depth"), (320, "Slides")),
        ((50, "Month"), (150, "cm"), (230, "inch"), (320, "n")),
        ((50, "May"), (150, "12"), (230, "4.7"), (320, "0")),
        ((50, "June"), (150, "9"), (230, "3.5"), (320, "2")),
    ]
    lines = [(float(x), 700.0 - 14 * y, 10.0, words) for y, row in enumerate(rows) for x, words in row]
    assert texts(pdf([lines]))[0].endswith("Slides n: 0")
    assert [line.split(" · ")[0] for line in texts(pdf([lines]))] == ["Month: May", "Month: June"]


def raised(words: str, mark: str, rest: str, size: float = 7, rise: float = 4) -> str:
    return f"({words}) Tj /F1 {size} Tf {rise} Ts ({mark}) Tj 0 Ts /F1 10 Tf ({rest}) Tj"


@pytest.mark.parametrize(
    ("words", "mark", "rest", "expected"),
    [
        ("The organ cost $320", "1", " in all.", "The organ cost $320 in all."),
        ("The organ cost $320", "1, 2", " in all.", "The organ cost $320 in all."),
        ("The loft holds 18", "6", " singers.", "The loft holds 18 singers."),
        ("It was closed.", "12", " Then it opened.", "It was closed. Then it opened."),
        ("We counted 10", "9", " rivets.", "We counted 10⁹ rivets."),
        ("The yard has 40 m", "2", " of stone.", "The yard has 40 m² of stone."),
        ("It came on the 21", "st", " of May.", "It came on the 21st of May."),
        ("The organist*", "*", " played.", "The organist* played."),
    ],
)
def test_marks_of_notes_go_and_exponents_stay(words: str, mark: str, rest: str, expected: str) -> None:
    filler = [set_at(50, 600 - 12 * n, line) for n, line in enumerate(LEFT)]
    for size in (7, 10):
        content = drawn(f"BT /F1 10 Tf 50 700 Td {raised(words, mark, rest, size)} ET", *filler)
        assert texts(content)[0] == expected


def test_a_mark_that_is_a_text_of_its_own_belongs_to_its_line() -> None:
    filler = [set_at(50, 600 - 12 * n, line) for n, line in enumerate(LEFT)]
    content = [
        set_at(50, 700, "The organ cost $320"),
        set_at(143.9, 700, "in all."),
        set_at(139, 704, "1", 7),
    ]
    assert texts(drawn(*filler, *content))[0] == "The organ cost $320 in all."


def test_what_is_lowered_is_read_in_its_line() -> None:
    content = f"BT /F1 10 Tf 50 700 Td {raised('It is full of H', '2', 'O now, and cold.', 7, -2)} ET"
    assert texts(drawn(content, *(set_at(50, 600 - 12 * n, line) for n, line in enumerate(LEFT))))[0] == (
        "It is full of H2O now, and cold."
    )


HEADS = (
    ("Ostrow and its ferry", "41"), ("42", "Chapter 2: The bridge"), ("Chapter 3: The circus", "43"),
)  # fmt: skip


def paged(*, numbers: bool = True, notes: bool = True) -> bytes:
    pages = []
    lines = (
        (
            "The ferry was old. In the dry summer of 1893 a fire broke out, and the ferryman carried",
            "the registers",
        ),
        (
            "through the smoke to the church before the roof fell in. Visitors may read them on",
            "Thursdays, provided",
        ),
        (
            "that they have written a week before, and have brought a pencil. No pens are allowed.",
            "There is one stove.",
        ),
    )
    for n, (head, page) in enumerate(zip(HEADS, lines, strict=True)):
        content: list[Line] = (
            [(50, 805, 9, head[0]), (450, 805, 9, head[1])] if numbers else [(50, 805, 9, max(head))]
        )
        content += column(page, 50, 770, 11)
        if notes and n < 2:
            content.append(
                (50, 70, 8.5, f"{n + 3} Note {'one' if n else 'two'} tells where this was written down.")
            )
        pages.append(content)
    return pdf(pages)


@pytest.mark.parametrize("numbers", [True, False])
def test_heads_that_change_and_notes_interrupt_no_sentence(numbers: bool) -> None:
    assert texts(paged(numbers=numbers)) == [
        "The ferry was old. In the dry summer of 1893 a fire broke out, and "
        "the ferryman carried the registers "
        "through the smoke to the church before the roof fell in. Visitors "
        "may read them on Thursdays, provided "
        "that they have written a week before, and have brought a pencil. No "
        "pens are allowed. There is one stove.",
        "Note two tells where this was written down.",
        "Note one tells where this was written down.",
    ]


def test_notes_of_the_size_of_the_text_are_told_by_their_marks() -> None:
    lines = [
        f"BT /F1 10 Tf 50 700 Td {raised('The loft holds 18', '6', ' singers and')} ET",
        set_at(50, 688, "an organ."),
    ]
    lines.append("BT /F1 7 Tf 50 104 Td (6) Tj ET BT /F1 10 Tf 56 100 Td (Counted in 1980.) Tj ET")
    assert texts(drawn(*lines)) == ["The loft holds 18 singers and an organ.", "Counted in 1980."]


DOUBLE_SPACED = (
    "The court finds that the lease was signed on 3 May by",
    "both parties. The tenant, Mr. Orme, paid a deposit of",
    "900 crowns, which the landlord never placed in an",
    "account. Witnesses saw the keys handed over in the",
    "yard behind the mill. The judge therefore ordered the",
    "deposit to be paid back within thirty days.",
)


@pytest.mark.parametrize(("step", "x"), [(1, 40), (1, 500), (5, 40)])
def test_numbers_of_lines_are_none_of_their_words(step: int, x: int) -> None:
    lines = DOUBLE_SPACED if step == 1 else DOUBLE_SPACED[:5] * 2 + DOUBLE_SPACED[5:]
    numbers: list[Line] = [(x, 760 - 24 * n, 8, str(n + 1)) for n in range(len(lines)) if (n + 1) % step == 0]
    text: list[Line] = [(72, 760 - 24 * n, 12, line) for n, line in enumerate(lines)]
    assert texts(pdf([numbers + text])) == [" ".join(lines)]


def test_numbers_of_a_list_stay() -> None:
    points = (
        "Bread and salt",
        "Water from the well",
        "Candles for the night",
        "A rope",
        "A good map",
        "A bell",
    )
    lines: list[Line] = [
        item
        for n, point in enumerate(points)
        for item in ((50, 700 - 14 * n, 10, f"{n + 1}."), (66, 700 - 14 * n, 10, point))
    ]
    assert texts(pdf([lines])) == [f"{n}. {point}" for n, point in enumerate(points, 1)]


def test_the_first_lines_of_pages_with_much_space_are_no_heads() -> None:
    pages: list[list[Line]] = [
        [(72, 760 - 24 * n, 12, line) for n, line in enumerate(DOUBLE_SPACED[k:] + DOUBLE_SPACED[:k])]
        for k in range(4)
    ]
    read = " ".join(texts(pdf(pages)))
    assert all(read.count(line) == 4 for line in DOUBLE_SPACED)


@pytest.mark.parametrize("shift", [0.0, 0.3, 0.6])
def test_what_is_printed_twice_to_look_bold_is_read_once(shift: float) -> None:
    line = "The ferry was built in 1931, and it was the very last of all the ferries."
    assert texts(drawn(set_at(50, 700, line), set_at(50 + shift, 700, line))) == [line]


def test_a_stamp_across_the_page_is_no_text() -> None:
    stamp = "BT /F1 60 Tf .7 .7 -.7 .7 150 300 Tm (DRAFT COPY) Tj ET"
    assert texts(drawn(stamp, *(set_at(50, 700 - 12 * n, line) for n, line in enumerate(LEFT)))) == [
        LEFT_TEXT
    ]


def test_what_stands_along_the_edge_interrupts_nothing() -> None:
    along = "BT /F1 10 Tf 0 1 -1 0 20 300 Tm (Printed in Tarn) Tj ET"
    lines = [set_at(50, 700 - 12 * n, line) for n, line in enumerate(LEFT)]
    assert texts(drawn(*lines[:2], along, *lines[2:])) == [LEFT_TEXT, "Printed in Tarn"]


@pytest.mark.parametrize(
    ("initial", "rest", "expected"),
    [("T", "he well", "The well"), ("A", "well", "A well"), ("A", "ugust", "August")],
)
def test_a_large_initial_begins_its_word(initial: str, rest: str, expected: str) -> None:
    lines = [
        f"{rest} of Tarn was dug in 1702 by a friar, who",
        "sold its water by the bucket and built a",
        "chapel.",
    ]
    content = [set_at(80, 700 - 12 * n, line) for n, line in enumerate(lines[:2])]
    content += [set_at(50, 676, lines[2]), set_at(50, 688, initial, 34)]
    content += [set_at(50, 600 - 12 * n, line) for n, line in enumerate(LEFT)]
    whole = (
        f"{expected} of Tarn was dug in 1702 by a friar, who sold its water by the bucket and built a chapel."
    )
    assert texts(drawn(*content))[0] == whole


def test_points_of_the_standard_fonts_are_points() -> None:
    content = [set_at(50, 700, "\\267", font="F3"), set_at(62, 700, "Bread"), set_at(50, 686, "l", font="F4")]
    assert texts(drawn(*content, set_at(62, 686, "Salt"))) == ["• Bread", "● Salt"]


@pytest.mark.parametrize(
    ("cut", "rest", "expected"),
    [
        ("the infor-", "mation is here", "the information is here"),
        ("a well-", "known place", "a well-known place"),
        ("a for-", "bidding place", "a forbidding place"),
        ("some twenty-", "one boats", "some twenty-one boats"),
        ("by Jean-", "Pierre Roux", "by Jean-Pierre Roux"),
        ("since COVID-", "19 came", "since COVID-19 came"),
        ("the Zwonka-", "bridge, or Zwonkabridge", "the Zwonkabridge, or Zwonkabridge"),
        ("the signa\xad", "tures are here", "the signatures are here"),
        ("nine thou-", "sand names", "nine thousand names"),
        ("a state-of-the-", "art hall", "a state-of-the-art hall"),
        ("a mother-in-", "law came", "a mother-in-law came"),
        ("a pause -", "then he came", "a pause - then he came"),
    ],
)
def test_hyphens_at_line_ends(cut: str, rest: str, expected: str) -> None:
    lines = [cut, rest]
    assert Hyphens(lines, lambda: "en").joined(lines) == expected
    if "\xad" not in cut:
        assert texts(pdf([column([cut, rest, *LEFT], 50, 700)], catalog="/Lang (en)"))[0].startswith(expected)


def test_hyphens_without_a_list_of_words() -> None:
    lines = ["der Bundes-", "tag und die Bundes-", "regierung"]
    assert Hyphens(lines, lambda: "de").joined(lines) == "der Bundestag und die Bundesregierung"
    assert Hyphens(["kale-", "mia"], lambda: "xx").joined(["kale-", "mia"]) == "kalemia"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("(anonymous)", "The ferry"), ("untitled", "The ferry"), ("Microsoft Word - ferry.doc", "The ferry"),
        ("ferry_final.indd", "The ferry"), ("Untitled Document 2", "The ferry"),
        ("Unknown Pleasures", "Unknown Pleasures"),
        ("A bridge", "A bridge"), ("", "The ferry"),
    ],
)  # fmt: skip
def test_what_a_program_put_there_is_no_title(title: str, expected: str) -> None:
    escaped = title.replace("(", "\\(").replace(")", "\\)")
    content = pdf(
        [[(50, 760, 18, "The ferry"), *column(LEFT, 50, 700)]], info=f"/Title ({escaped}) /Author (anonymous)"
    )
    article = read_pdf(content, DEFAULT_LIMITS)
    assert (article.title, article.author) == (expected, None)


def test_bold_lines_are_headings() -> None:
    lines = [set_at(50, 660 - 12 * n, line) for n, line in enumerate(RIGHT)]
    content = drawn(
        *(set_at(50, 760 - 12 * n, line) for n, line in enumerate(LEFT)),
        set_at(50, 676, "The bridge", 10, "F2"),
        *lines,
    )
    assert texts(content) == [LEFT_TEXT, "The bridge", RIGHT_TEXT]
    assert heads(content) == ["The bridge"]


def test_letters_are_as_large_as_they_are_drawn() -> None:
    title = "q 2 0 0 2 0 0 cm BT /F1 10 Tf 25 380 Td (The ferry) Tj ET Q"
    lines = [f"BT /F1 1 Tf 10 0 0 10 50 {700 - 12 * n} Tm ({line}) Tj ET" for n, line in enumerate(LEFT)]
    assert heads(drawn(title, *lines)) == ["The ferry"]


def test_a_page_that_lies_is_read_as_it_is_held() -> None:
    lines = [f"BT /F1 10 Tf 0 1 -1 0 {100 + 12 * n} 50 Tm ({line}) Tj ET" for n, line in enumerate(LEFT)]
    assert texts(drawn(*lines)) == [LEFT_TEXT]


SOUND = pdf([[(50, 700, 10, "The vault was opened in 1911 by Ivo Stark.")]])
SOUND_TEXT = ["The vault was opened in 1911 by Ivo Stark."]
PROTECTED = {
    "AES-128": (
        "eNqNVE2IHEUUVlwQCwXFePASy8MiCLGrquuvYVjZ7MyQqHGXHY2CRKiuerVpme1eempiIoJ4FA+6gopCCAhijHgMqKCIB8lt"
        "Dx7Eq3swexBF8GREq3tndgbGg91NU+/1e9/3fnt5o9s/QR9TaPnn/b0fEMUEV/lLqNNByUZdubGFGneIdNpbb5kyRhLQ1mVS"
        "Z4wBZIRLri0zII3WjmujuE2JA5Xr3HpGRU4kWUErKwhK1yCzOYZnLu0ATjbMFoxQslaNy4ApSp4s3Ai/gHk03MTn5lzTBdc1"
        "E8yw2kKHGLjB3kTJ+jgMizLKqpVnAPw/uVFyBlxhTlYXIyuJt8gE1pxF7mQTRtW4thGr8elXMcL2QLGYYscnxl4GKMMIy8MI"
        "NkwdxUk8M36xwN8gomQwzkMrNspYgZNmBC1XcgqGFyAU1qCkV9rKFeUWTp4rytVyVEwVcwRyjqBfDENsXtIfmgBdiLYx06eg"
        "3ArnMaWs8RqFGsw2ev/OB396dfc6ffzXa9/+/v2NvTv+vPrmW+F47+tbX37+7m8/Ln1w5fa11y/fe+rtg4eev3HtD/33wd7D"
        "93XXPz32xZW7bvtw79hr3/zzcr178x3xydLuo7/c/d3+ZydC5/oj7+3u/3X5xQNSX92+B7uPvnrgaX3/G0unn/i4iXZCPYlb"
        "zeKeJaPnkjmLeWxG85pmwHQsM+Ys45lULGOzhAfBlM7ULg4C7ggpvdEqBUhTqzJlXZrHofXOOK8pN96k3PnMpNpLcJzmmebA"
        "rHSGxVn3Ijb3WdzRmfXSOGaoZ5JqMB505iQVxgnPRMp07jkI4KCENpxKTkiUpffeEEp0MyL9dnIGwU1Oq+NwvnehGZOkW9n1"
        "HSgbozM4We0NzrJZonI6ZIOw3ceHAI1QHwmzkl2swSOCM0SOLiyFSAX2+EhH4xi2X8ojHaXpok6xBR1L1YIulYt4XC76Si4X"
        "dXIOL9SmGELd9ntQvAIxjWSzqgJOD5fqdOkrTCfnbtzVjpcq9oz4+JfxqcqszVVOuKUWbMYtiJX/Y3KuXa360k7Aerqvo2Dq"
        "0BYzUxwtL/fW++hf/vN6Dw=="
    ),
    "AES-256": (
        "eNqNVE2IHFUQBsFL60H0aIQnuAdB7ff/A+PCbnYH/8IOO5podMH3U293wmz32tMTkgVXRBREWPCkoAcPCvGWeFHBiyh4Ch42"
        "EkVBopKbh1z3kPh6dnZmZDzY3YdX1VXfV1WvqhY6K+3HyRMqW/jjzx8PMoIwKt25rNXK8k5VhqGHCrWckgYbEy13ilsJPmAH"
        "DCvGKKVYCGy5l4SHQDFISx31gRnHlQjCO23DYra4mEERGmQ6w/D8xR1AecduwiDLT5bDokYky5/thQF6GfFkuI42ZlzZnOtJ"
        "W9t+uZkdYaAGez3L14Z1v1ckWY3kKQD/T+4sPwWhZ5fLC4kVp1cYgTSniTtfh0E5rHzCanzaZYpwdCBIHGOnL8Ve1FDUAySP"
        "IujYKonjeKb8Yo6/Qczy7tDVI7FRpgos2wGMuPKnoH8e6p63Wb5a+DL0ik2Un+kVS8Wgd6yYIZAzBO1ev06Xl7f7toYVSLYp"
        "0+eg2Ky3ECG08RrUFdjt7K39a7u/X3/077teeWm7OnjmwTuXr3zKv1s+ePLcF4P37j1BP7x8eP2qvLl34/PdW/eXl9557fYj"
        "P3z/062tb+574+1frpYfv9u/eeOxa3uvf3Dm59/Cw/svfv2r/+yBvc2vlg/3v73jD29/eeX9Vz+656+zn5w98dCbG5fubqId"
        "U4/jVtO4p8nomWROI5EuA8lJBlSkcwdxariRiho6Tbhb2yLYKqRGQC2jFdFBi9TBjKRmDUpEH4ErbRQOhmJGgzRecylFNCwA"
        "99ozC95zMFxH4qkQ1jmZgCSN3AYWPYmCR6elUiRd/guJhWEmeeBYeKUiBoMjozhNg+fJXPlAmNOMNOMSHKgYrcE4uECdw8kD"
        "qBHCaxBUEIot8YKTyEDghjYICU2LtUed163D+LQ0rLdWzzdtlq+Ufm0HisboFMqXVrun2aRQjB43abfebqMjgEaopsLaKmqB"
        "CIQwIBC5chYrzngwwoJo5tg6r6NMk++oUsrLCDLiVEATtImgvMe+KUSC0UGRSKWxwqbR59oKHSkjVutoY6Am1ShtCkllEKk6"
        "RBMhjTJUqhCx9yStirwD1XaaNyYEM9imXWIBeykgXYjzxGhBo9DhX0vlQgUxw8hkePIgmfwFimiiI2n8Rn+KiS5lPK9TdE5H"
        "mZrTMTmPlxKb00ku53VyBq+ubK8P1ajPu71dSGnk62VZI3a0TJ4uYonI+LySdlTLckuBC+aYkaCZJSYoMJrp6CIH0Iv/x2Rj"
        "tFKqizs10sd7alDbqh4VM80KzRYWVtfa2T82UsAI"
    ),
}
"""The same page, locked against changes alone: it opens with an empty password."""


@pytest.mark.parametrize("kind", PROTECTED)
def test_what_is_locked_against_changes_is_read(kind: str) -> None:
    content = zlib.decompress(b64decode(PROTECTED[kind]))
    assert b"Ivo Stark" not in content
    assert texts(content) == SOUND_TEXT


@pytest.mark.parametrize(
    "content",
    [
        SOUND + b"\0" * 9_000,
        SOUND + b"\n<script>var a = 1;</script>\n" * 400,
        b"\r\n" * 900 + SOUND,
        b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + SOUND,
        b"-- Boundary " * 2_000 + b"\n" + SOUND + b"\n-- Boundary",
    ],
)
def test_bytes_before_and_after_a_pdf_do_no_harm(content: bytes) -> None:
    assert sniff(content, "a") is Format.PDF
    assert texts(content) == SOUND_TEXT


def test_a_text_that_tells_of_pdfs_is_a_text() -> None:
    text = (
        b"The header of such a file is written so:\n" * 40 + b"%PDF-1.7\nand the end has startxref in it.\n"
    )
    assert sniff(text, "a.txt") is Format.TEXT


@pytest.mark.parametrize("end", [-30, -60, -200])
def test_what_breaks_off_is_refused_for_it(end: int) -> None:
    with pytest.raises(Refusal, match="breaks off before its end"):
        read_pdf(SOUND[:end], DEFAULT_LIMITS)


def test_pages_that_cannot_be_read_are_named() -> None:
    content = pdf([[(50, 700, 10, "One page was read.")], [(50, 700, 10, "Two.")]])
    broken = content.replace(b"/Kids [4 0 R 6 0 R]", b"/Kids [4 0 R 9 9 R]")
    article = read_pdf(broken, DEFAULT_LIMITS)
    assert (article.text, article.missing) == ("One page was read.", ("page 2",))


def test_no_page_at_all_is_damage() -> None:
    content = pdf_objects(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [9 0 R] /Count 1 >>"]
    )
    with pytest.raises(Refusal, match="damaged"):
        read_pdf(content, DEFAULT_LIMITS)


SPOTS = st.tuples(
    st.integers(0, 590), st.integers(0, 840), st.sampled_from([4, 7, 10, 10, 10, 24, 60]),
    st.sampled_from(["One", "2", "[3]", "of-", "well-", "...", "4.", "*", "Depth", "a long line of words"]),
)  # fmt: skip
RULES = st.lists(st.tuples(*[st.integers(0, 600)] * 4), max_size=12)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(SPOTS, max_size=25), min_size=1, max_size=4), RULES)
def test_anything_on_any_pages_is_read_or_refused(
    pages: list[list[tuple[int, int, int, str]]], rules: list[tuple[int, int, int, int]]
) -> None:
    ruled = " ".join(f"{x} {y} m {to_x} {to_y} l S {x} {y} {to_x} 40 re S" for x, y, to_x, to_y in rules)
    contents = [" ".join([ruled, *(set_at(x, y, word, size) for x, y, size, word in page)]) for page in pages]
    try:
        article = read_pdf(pdf_of([content.encode() for content in contents]), DEFAULT_LIMITS)
    except Refusal:
        return
    assert all(part == " ".join(part.split()) for part in article.text.split("\n\n"))


VOCABULARY = "the old ferry of Ostrow carried forty people over Danube and sank in a storm at night".split()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(30, 300), st.integers(24, 90), st.sampled_from([1, 2, 3]))
def test_the_words_of_columns_come_in_their_order(seed: int, length: int, width: int, count: int) -> None:
    words = random.Random(seed).choices(VOCABULARY, k=length)  # noqa: S311 (the same for the same seed)
    lines: list[str] = [""]
    for word in words:
        if len(lines[-1]) + len(word) > width // count:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    height = -(-len(lines) // count)
    if count > 1 and (height < 6 or width // count < 24):  # shorter or narrower ones are as much a table
        return
    page: list[Line] = [
        (40 + 540 / count * (n // height), 800 - 12 * (n % height), 540 / 48 / 1.3, line)
        for n, line in enumerate(lines)
    ]
    if height > 60:
        return
    assert " ".join(texts(pdf([sorted(page, key=lambda line: -line[1])]))).split() == " ".join(lines).split()


def test_a_table_is_told_by_the_spaces_that_its_file_does_not_write() -> None:
    rows = [
        ("Ticket", "Price of it"),
        ("Family ticket", "40 crowns a day"),
        ("Child ticket", "9 crowns a day"),
    ]
    content = [
        set_at(x, 700 - 14 * n, words, font="F2" if n == 0 else "F1")
        for n, row in enumerate(rows)
        for x, words in zip((50, 114), row, strict=True)
    ]
    assert texts(drawn(*content)) == [
        "Ticket: Family ticket · Price of it: 40 crowns a day",
        "Ticket: Child ticket · Price of it: 9 crowns a day",
    ]


@pytest.mark.parametrize("repeats", [False, True])
def test_a_table_that_goes_on_on_another_page_keeps_its_head(repeats: bool) -> None:
    head, *rows = ROWS
    pages = [[head, *rows[:2]], [*([head] if repeats else []), *rows[2:], ("1988", "50 crowns", "3")]]
    content = [
        [
            (50.0 + 90 * x, 780.0 - 14 * y, 10.0, cell)
            for y, row in enumerate(page)
            for x, cell in enumerate(row)
        ]
        for page in pages
    ]
    assert texts(pdf(content)) == [*ROW_TEXTS, "Year: 1988 · Toll: 50 crowns · Boats: 3"]


def test_cells_of_more_lines_stand_beside_the_middle_of_others() -> None:
    first = ("Fees of all who live in Ostrow or on the", "other bank")
    cells = [("Item", "1985", "1986"), ("Gifts", "40", "38")]
    content = [
        *(set_at(x, 700, words, font="F2") for x, words in zip((50, 250, 300), cells[0], strict=True)),
        *(set_at(50, 680 - 12 * n, words) for n, words in enumerate(first)),
        *(set_at(x, 674, words) for x, words in ((250, "900"), (300, "910"))),
        *(set_at(x, 650, words) for x, words in zip((50, 250, 300), cells[1], strict=True)),
    ]
    assert texts(drawn(*content)) == [
        f"Item: {' '.join(first)} · 1985: 900 · 1986: 910",
        "Item: Gifts · 1985: 40 · 1986: 38",
    ]


def test_points_that_are_drawn_are_points() -> None:
    words = ("Ropes, thick", "Nets, which are mended in winter when the boats lie", "Paper")
    content = [f"{set_at(60, 700 - 12 * n, line)} 51 {702 - 12 * n} 3 3 re f" for n, line in enumerate(words)]
    assert texts(drawn(*content, "300 400 3 3 re f")) == [f"• {line}" for line in words]


def test_entries_break_where_the_next_word_would_have_fitted() -> None:
    prose = (
        "The shop of Ostrow sells ropes and nets to all who come by boat, and Ida",
        "Crewe, who has kept it since the bridge was built, knows them all by name.",
    )
    entries = ("Founder", "Anton Weiss of Ostrow", "Phone: 555 0199", "Open: 9 to 5 daily")
    content = [*column(prose, 50, 700), *column(entries, 50, 650)]
    assert texts(pdf([content])) == [" ".join(prose), *entries]


def test_one_line_paragraphs_are_told_by_their_space() -> None:
    lines = (
        ("Anna: The ferry was built in 1931 by two brothers who had sold a mill.", 24),
        ("Tom: It sank twice, both times at night, and nobody was on board of it", 12),
        ("when it did so. The bell is still here.", 24),
        ("Anna: Nobody knows where the hull is today, but some say at the circus.", 24),
        ("Tom: That it is.", 24),
    )
    height, content = 700.0, list[Line]()
    for words, step in lines:
        content.append((50.0, height, 10.0, words))
        height -= step
    one, two, rest, *others = (words for words, _ in lines)
    assert texts(pdf([content])) == [one, f"{two} {rest}", *others]


def test_what_a_browser_prints_at_the_edges_is_no_text() -> None:
    page = [
        (25.0, 815.0, 7.0, "11/26/26, 1:24 PM"),
        (250.0, 815.0, 7.0, "The ferry of Ostrow"),
        *column(LEFT, 50, 700),
        (25.0, 20.0, 7.0, "https://example.org/ferry"),
        (550.0, 20.0, 7.0, "1/1"),
    ]
    assert texts(pdf([page])) == [LEFT_TEXT]


def test_small_heads_of_two_pages_interrupt_no_sentence() -> None:
    pages = [
        [(50.0, 800.0, 8.0, head), *column(lines, 50, 760)]
        for head, lines in (("The ferry of Ostrow", LEFT[:4]), ("Anton Weiss", LEFT[4:]))
    ]
    assert texts(pdf(pages)) == [LEFT_TEXT]


def test_notes_stand_after_the_table_over_them() -> None:
    cells = [
        (50.0 + 90 * x, 700.0 - 14 * y, 10.0, cell)
        for y, row in enumerate(ROWS)
        for x, cell in enumerate(row)
    ]
    note: Line = (50.0, 100.0, 7.0, "1 As the log of the ferry says.")
    assert texts(pdf([[*cells, note]])) == [*ROW_TEXTS, "As the log of the ferry says."]


def test_an_exponent_is_none_of_the_notes_that_stand_beside_it() -> None:
    parts = ((161.6, "5"), (165.2, "["), (166.9, "source"), (188.0, "needed"), (209.4, "]"))
    content = [set_at(x, 704, part, 6) for x, part in parts]
    words = set_at(50, 700, "Its light has some 2.5\\32710"), set_at(214, 700, "candela.")
    found = texts(drawn(*words, *content))
    assert found == ["Its light has some 2.5×10⁵ candela."]


def test_a_mark_in_parts_is_one() -> None:
    parts = (("[", 0), ("7", 3), ("]", 7))
    marks = [set_at(133.4 + x, 704, mark, 6) for mark, x in parts]
    content = [set_at(50, 700, "It was built in 1931"), *marks, set_at(146, 700, "by two brothers.")]
    assert texts(drawn(*content)) == ["It was built in 1931 by two brothers."]
