"""Sentences: marks stay with what they close, nothing is left out, and no text takes long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.language.sentences import split_sentences
from tests.index.language.texts import TEXTS, WHITE


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
        ("One.\u200b \ufeffTwo. \u200b", ["One.", "Two."]),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("At approx. 7 p.m. Sunday. Rain.", ["At approx. 7 p.m. Sunday.", "Rain."]),
        ("It shuts at 7 p.m. Sunday is quiet.", ["It shuts at 7 p.m.", "Sunday is quiet."]),
        ("See vol. 3, eq. (7) and Fig. 12b. Then stop.", ["See vol. 3, eq. (7) and Fig. 12b.", "Then stop."]),
        ("Roe et al. [1998] of Calif. law. No.", ["Roe et al. [1998] of Calif. law.", "No."]),
        ("Add 2 tsp. of salt. Add 1 tsp. Stir.", ["Add 2 tsp. of salt.", "Add 1 tsp.", "Stir."]),
        ("A beam 4 in. thick broke. Come in. Sit.", ["A beam 4 in. thick broke.", "Come in.", "Sit."]),
        ("The owner left.3 Nobody came.", ["The owner left.3", "Nobody came."]),
        ("He said no. The lot no. 17 was sold.", ["He said no.", "The lot no. 17 was sold."]),
        ("The band Wham! was there. Who? she asked.", ["The band Wham! was there.", "Who? she asked."]),
        ("open at 9. shut at five. come in.", ["open at 9.", "shut at five.", "come in."]),
        ("Pay me. I wait. No. Nobody did. Lot No. 5 is “art.” Sold.",
         ["Pay me.", "I wait.", "No.", "Nobody did.", "Lot No. 5 is “art.”", "Sold."]),
        ("It cost $5 mil. in May. Nobody paid.", ["It cost $5 mil. in May.", "Nobody paid."]),
        ("It runs on ASP.NET today. Good.", ["It runs on ASP.NET today.", "Good."]),
    ],
)  # fmt: skip
def test_a_stop_of_an_abbreviation_ends_no_sentence(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Sie kam am 3. Mai. Er ging.", "de", ["Sie kam am 3. Mai.", "Er ging."]),
        ("Im 18. Jahrhundert brannte er. Gut.", "de-AT", ["Im 18. Jahrhundert brannte er.", "Gut."]),
        ("Jeden 2. und 4. Dienstag ist zu. Ende.", "de", ["Jeden 2. und 4. Dienstag ist zu.", "Ende."]),
        ("Sie kamen am 12. Danach gingen sie.", "de", ["Sie kamen am 12.", "Danach gingen sie."]),
        ("Es waren 40. Viele blieben.", "de", ["Es waren 40.", "Viele blieben."]),
        ("Le 1er. mai, Mme. Roy vint. Elle rit.", "fr", ["Le 1er. mai, Mme. Roy vint.", "Elle rit."]),
        ("L’art. 5, né av. J.-C. et mort. Fin.", "fr", ["L’art. 5, né av. J.-C. et mort.", "Fin."]),
        ("La Sra. Paz tiene 9 perros. Uno huyó.", "es", ["La Sra. Paz tiene 9 perros.", "Uno huyó."]),
        ("桥建于1931年。“走吧！”他说。", "zh", ["桥建于1931年。", "“走吧！”", "他说。"]),
        ("桥建于1931年。2004年重修。", "zh", ["桥建于1931年。", "2004年重修。"]),
        ("أين الجسر؟ 7 رجال هنا.", "ar", ["أين الجسر؟", "7 رجال هنا."]),
    ],
)  # fmt: skip
def test_ordinals_titles_and_marks_of_other_languages(text: str, language: str, expected: list[str]) -> None:
    assert sentences(text, language) == expected


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
        assert span.of(text) == (span.of(text).strip(WHITE) or span.of(text))
        assert not text[end : span.start].strip(WHITE)
        end = span.end
    assert not text[end:].strip(WHITE)


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
