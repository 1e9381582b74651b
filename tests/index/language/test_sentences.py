"""Sentences: marks stay with what they close, nothing is left out, and no text takes long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.language.sentences import split_sentences
from tests.index.language.texts import TEXTS


def sentences(text: str, language: str = "en") -> list[str]:
    return [span.of(text) for span in split_sentences(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She said: “No. Never!” Then she left.", ["She said: “No.", "Never!”", "Then she left."]),
        ("“Why?” she asked. “Go!” He went.", ["“Why?” she asked.", "“Go!”", "He went."]),
        ("“Stop!” “Why? Who says?”", ["“Stop!”", "“Why?", "Who says?”"]),
        ('He asked. "Who?" she said. "Me."', ["He asked.", '"Who?" she said.', '"Me."']),
        ("«Non.» Il part. „Nein.“ Er geht.", ["«Non.»", "Il part.", "„Nein.“", "Er geht."]),
        ("Dr. Ames met Mr. Bell at 3.30 p.m. They ate.", ["Dr. Ames met Mr. Bell at 3.30 p.m.", "They ate."]),
        ("  One.   Two.  ", ["One.", "Two."]),
        ("Wait… what? – Yes.", ["Wait… what?", "– Yes."]),
        ("🙂🙂 One. 🙂 Two.", ["🙂🙂 One.", "🙂 Two."]),
        ("No end", ["No end"]),
        ("?!", ["?!"]),
        ("”", ["”"]),
        ("", []),
    ],
)  # fmt: skip
def test_sentences_end_inside_quotations_and_keep_their_marks(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_sentences_of_another_language() -> None:
    assert sentences("今日は晴れ。「明日は？」と聞いた。", "ja") == [
        "今日は晴れ。",
        "「明日は？」",
        "と聞いた。",
    ]
    assert sentences("Das kostet z. B. drei Euro. Gut.", "de") == ["Das kostet z. B. drei Euro.", "Gut."]


@given(TEXTS, st.sampled_from(["en", "de", "ja", "zz", ""]))
def test_sentences_leave_nothing_out(text: str, language: str) -> None:
    spans = split_sentences(text, language)
    end = 0
    for span in spans:
        assert end <= span.start < span.end
        assert span.of(text) == span.of(text).strip()
        assert not text[end : span.start].strip()
        end = span.end
    assert not text[end:].strip()


@pytest.mark.parametrize("space", ["\u2003", "\xa0", "\u3000", "\x85"])
def test_a_wide_space_before_a_stop_is_no_crash(space: str) -> None:
    assert sentences(f"Take plan B {space}. Then go.") == [f"Take plan B {space}.", "Then go."]


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", [" ", "“", "”", "'", "‚《", "“A b. ", "! ", ". ", "? “", "a", "\u3000.", "B\u3000.", "”. ", "('"]
)
def test_no_text_takes_long(unit: str) -> None:
    text = "One. " + unit * (100_000 // len(unit)) + " Two."
    began = time.process_time()
    spans = split_sentences(text)
    assert time.process_time() - began < 8
    assert spans[0].start == 0
    assert spans[-1].end == len(text)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It was dug.[3] It had coal.[4][5] It failed.[citation needed] It was filled.¹² It is dry.* So.",
         ["It was dug.[3]", "It had coal.[4][5]", "It failed.[citation needed]", "It was filled.¹²",
          "It is dry.*", "So."]),
        ("“It failed.”[7] It is dry. [8] So.", ["“It failed.”[7]", "It is dry. [8]", "So."]),
        ("3. The landlord repairs the roof. It is old.", ["3. The landlord repairs the roof.", "It is old."]),
        ("1986. A dry summer.", ["1986. A dry summer."]),
        ("1.2.3. The roof. IV. It is old.", ["1.2.3. The roof.", "IV.", "It is old."]),
        ("It saw 10⁹ stars. It has 40 m². So.", ["It saw 10⁹ stars.", "It has 40 m².", "So."]),
    ],
)  # fmt: skip
def test_marks_of_notes_and_numbers_of_lists_hide_no_end(text: str, sentences: list[str]) -> None:
    assert [span.of(text) for span in split_sentences(text)] == sentences
