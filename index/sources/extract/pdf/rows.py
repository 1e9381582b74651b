"""Rows: words that stand beside each other on a page, over all of its columns."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise, zip_longest

from index.language.dictionaries import is_valid
from index.sources.extract.pdf.glyphs import Word
from index.sources.extract.raised import lowered, raised

_ORDINALS = frozenset("st nd rd th er re ers res e".split())
_MARK_CHARS = 12  # of what may be raised or lowered
_NEAR_ROWS = (
    12  # that are searched for what a raised word stands beside: a page may have any number in a point
)
_SPACE = 0.12  # em between two words that the file parts by no space, from where a reader sees one
_QUOTES = "“\"'‘«„"
_LARGEST_HOST = 2.5  # times the size of a mark; what is larger is a display line
_INITIALS = 20  # that a page may have
_INITIAL = 1.7
"""How much larger than the text an initial is, at least, that goes down over several lines."""


@dataclass(frozen=True, slots=True)
class Row:
    """Words on one base line, from left to right."""

    words: tuple[Word, ...]

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.words[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return max(word.right for word in self.words)

    @property
    def base(self) -> float:
        """Its base line."""
        return next((word.base for word in self.words if not word.rise), self.words[0].base)

    @property
    def size(self) -> float:
        """The size of most of its letters."""
        return common_size(self.words)

    @property
    def bold(self) -> bool:
        """Whether all of it is."""
        return all(word.bold for word in self.words if not word.rise)

    @property
    def has_mark(self) -> bool:
        """Whether it begins with something raised, as a note does."""
        return self.words[0].rise > 0

    def text(self, notes: Iterable[str] = ()) -> str:
        """What it says, exponents as such, without marks of notes.

        Args:
            notes: The marks of the notes that stand on the page, where they are known.
        """
        parts: list[str] = []
        last: Word | None = None
        words = list(_with_whole_marks(self.words))
        for word, following in zip_longest(words, words[1:]):
            if last is not None and _is_parted(last, word):
                parts.append(" ")
            if word.rise:
                before = "".join(parts[-6:])
                after = following.text if following and not _is_parted(word, following) else ""
                parts.append(
                    raised(word.text, before, after, is_note=_is_note(word.text, before, notes))
                    if word.rise > 0
                    else lowered(word.text, before, after)
                )
            else:
                parts.append(word.text)
            last = word
        return "".join(parts)

    @property
    def without_mark(self) -> Row:
        """It without the raised mark that it begins with, if that is not all of it."""
        return Row(self.words[1:]) if self.has_mark and len(self.words) > 1 else self

    def marks(self) -> set[str]:
        """The marks of notes in it; a letter may be one, while more of them belong to a word or a number."""
        raised_words = (word.text for word in self.words[1:] if word.rise > 0)
        return {text for text in raised_words if len(text) == 1 or not text.isalpha()}


def _with_whole_marks(words: Sequence[Word]) -> Iterator[Word]:
    """Words, those of a raised mark in brackets as one: [, citation, needed and ]."""
    mark: Word | None = None
    for word in words:
        if mark is None:
            if word.rise > 0 and word.text[0] in "[(" and word.text[-1] not in "])":
                mark = word
            else:
                yield word
        elif word.rise > 0:
            mark = replace(
                mark, text=f"{mark.text}{' ' * _is_parted(mark, word)}{word.text}", right=word.right
            )
            if word.text[-1] in "])":
                yield mark
                mark = None
        else:
            yield mark
            yield word
            mark = None
    if mark is not None:
        yield mark


def _is_parted(word: Word, following: Word) -> bool:
    return following.spaced or following.left - word.right > _SPACE * max(word.size, following.size)


def _is_note(mark: str, before: str, notes: Iterable[str]) -> bool:
    """Whether a page's notes settle that a raised number after another is no exponent."""
    number = before[len(before.rstrip("0123456789.,")) :]
    return mark in notes and number[-1:].isdigit() and number not in ("2", "10")


def common_size(words: Iterable[Word]) -> float:
    """The size that most letters have."""
    sizes = Counter[float]()
    for word in words:
        sizes[round(word.size, 1)] += len(word.text) if not word.rise else 0
    return sizes.most_common(1)[0][0] if sizes else 10.0


def common_step(pages: Iterable[Sequence[Row]]) -> float:
    """The distance between two rows that is commonest."""
    steps = Counter(
        round(one.base - two.base) for rows in pages for one, two in pairwise(rows) if one.base - two.base > 1
    )
    return float(steps.most_common(1)[0][0]) if steps else 12.0


def rows_of(words: Sequence[Word], body: float, language: str = "en") -> list[Row]:
    """The rows of a page, from the upper edge on.

    Args:
        words: Of the page, in any order.
        body: The size of the text.
        language: To tell what an initial belongs to.
    """
    groups: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (-word.base, word.left)):
        if groups and groups[-1][0].base - word.base <= 0.25 * min(word.size, groups[-1][0].size):
            groups[-1].append(word)
        else:
            groups.append([word])
    for row in groups:
        row.sort(key=lambda word: word.left)
    _set_beside(groups, body)
    _join_initials(groups, body, language)
    rows = [Row(tuple(sorted(row, key=lambda word: word.left))) for row in groups if row]
    return sorted(rows, key=lambda row: -row.base)


def _set_beside(rows: list[list[Word]], body: float) -> None:
    """Puts words that are raised or lowered into the row that they belong to."""
    bases = [-row[0].base for row in rows]
    hosts = [[(word.right, word) for word in row] for row in rows]
    for place, row in enumerate(rows):
        moved: set[int] = set()
        for number, word in enumerate(row):
            if len(word.text) > _MARK_CHARS or word.rise:
                continue
            first = bisect_left(bases, -word.base - 0.7 * word.size)
            reach = 1.6 if word.size <= 0.87 * body else 0.75
            last = bisect_left(bases, -word.base + reach * word.size)
            if last - first < 2:
                continue
            near = sorted(range(first, last), key=lambda other: abs(bases[other] - bases[place]))[:_NEAR_ROWS]
            for other in near:
                host = _host(word, hosts[other]) if other != place else None
                if host is not None:
                    moved.add(number)
                    rise = 1 if word.base > host.base else -1
                    rows[other].append(replace(word, base=host.base, rise=rise, spaced=False))
                    _stand_in(hosts[other], word, host)
                    break
        row[:] = [word for number, word in enumerate(row) if number not in moved]


def _stand_in(hosts: list[tuple[float, Word]], word: Word, host: Word) -> None:
    """What stands beside a raised word may be raised as well: 1, 2."""
    spot = bisect_left(hosts, word.right, key=lambda pair: pair[0])
    hosts.insert(spot, (word.right, replace(host, left=word.left, right=word.right)))


def _host(word: Word, row: list[tuple[float, Word]]) -> Word | None:
    """The word of a row that another is raised or lowered beside, on either side of it."""
    reach = word.size
    spot = bisect_left(row, word.left - reach, key=lambda pair: pair[0])
    for _, host in row[spot : spot + 3]:
        gap = word.left - host.right
        if -0.2 * host.size <= gap <= 0.3 * host.size and _is_shifted(word, host):
            return host
    spot = bisect_left(row, word.right, key=lambda pair: pair[0])
    for _, host in row[spot : spot + 1]:
        gap = host.left - word.right
        if -0.1 * host.size <= gap <= 0.6 * host.size and word.base > host.base and _is_shifted(word, host):
            return host
    return None


def _is_shifted(word: Word, host: Word) -> bool:
    if host.size > _LARGEST_HOST * word.size:  # an initial
        return False
    shift = (word.base - host.base) / host.size
    if word.size <= 0.85 * host.size:
        return 0.1 < shift < 0.75 or -0.4 < shift < -0.08
    is_ordinal = word.text in _ORDINALS and host.text[-1:].isdigit()
    small = is_ordinal or (not any(map(str.isalpha, word.text)) and len(word.text) <= 4)
    if not small or word.size > 1.02 * host.size:
        return False
    formula = host.text[-1:].isalpha() and word.left - host.right < 0.1 * host.size
    return 0.25 < shift < 0.6 or (formula and -0.6 < shift < -0.2)


def _join_initials(rows: list[list[Word]], body: float, language: str) -> None:
    """Puts large initials before the word that they begin."""
    initials = ((row, word) for row in rows for word in row if _is_initial(word, body))
    for row, initial in list(islice(initials, _INITIALS)):
        beside = [
            (other, n)
            for other in rows
            if other and initial.base - 0.3 * body <= other[0].base <= initial.base + initial.size
            for n, word in enumerate(other)
            if word.size <= 0.62 * initial.size
            and -0.3 * body <= word.left - initial.right <= 1.2 * body
            and not word.rise
        ]
        if len(beside) >= 2:
            top, n = max(beside, key=lambda pair: pair[0][0].base)
            top[n] = replace(top[n], text=_begun(initial.text, top[n].text, language))
            row.remove(initial)


def _is_initial(word: Word, body: float) -> bool:
    letters = word.text.strip(_QUOTES)
    return word.size >= _INITIAL * body and len(letters) == 1 and letters.isalpha()


def _begun(initial: str, rest: str, language: str) -> str:
    """A word with its initial; or the two words that they are."""
    bare = rest.strip(".,;:!?’'")
    whole = initial.strip(_QUOTES) + bare
    is_word = len(initial) == 1 and initial in "AIOÀÉYEU"
    parted = is_word and is_valid(bare, language) and not is_valid(whole, language)
    return f"{initial} {rest}" if parted else initial + rest
