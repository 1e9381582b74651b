"""Questions that name a place by its number."""

import pytest

from index.language.clauses import Clause, asked_clause, opening_number


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What does clause 3 say?", Clause("3", is_paragraph=False)),
        ("what's in section 2.1", Clause("2.1", is_paragraph=False)),
        ("Clause 3?", Clause("3", is_paragraph=False)),
        ("What is § 7?", Clause("7", is_paragraph=False)),
        ("Please quote the paragraph 4", Clause("4", is_paragraph=True)),
        ("Was steht in Absatz 2?", Clause("2", is_paragraph=True)),
        ("Que dit l'article 12 ?", Clause("12", is_paragraph=False)),
        ("¿Qué dice la cláusula 3?", Clause("3", is_paragraph=False)),
        ("What does clause 3 say about the roof?", None),
        ("Who repairs the roof?", None),
        ("What is number theory?", None),
    ],
)
def test_a_place_is_asked_for_by_its_number_and_nothing_else(question: str, expected: Clause | None) -> None:
    assert asked_clause(question) == expected


@pytest.mark.parametrize(
    ("paragraph", "number"),
    [
        ("3. The landlord repairs the roof.", "3"),
        ("(3) The landlord", "3"),
        ("§ 3 The landlord", "3"),
        ("Clause 3: The landlord", "3"),
        ("2.1 Rent", "2.1"),
        ("The 3 landlords", None),
        ("1986 was a good year, in all", None),
        ("Rent", None),
    ],
)
def test_a_paragraph_opens_with_its_number(paragraph: str, number: str | None) -> None:
    assert opening_number(paragraph) == number
