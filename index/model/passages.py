"""An article's passages and their sentences as columns of numbers, since a long text has a million."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from index.model.article import Passage, Sentence, SpanTable, Table


class Sentences(SpanTable[Sentence]):
    """Sentences of passages.

    Args:
        sentences: In order.
    """

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        starts, ends, paragraphs, passages = (array("i") for _ in range(4))
        for sentence in sentences:
            starts.append(sentence.start)
            ends.append(sentence.end)
            paragraphs.append(sentence.paragraph)
            passages.append(sentence.passage)
        super().__init__(Sentence, starts, ends, paragraphs, passages)
        self._passages = passages

    def numbers_of(self, passage: int) -> range:
        """Which of them are a passage's."""
        first = bisect_left(self._passages, passage)
        return range(first, bisect_right(self._passages, passage, lo=first))

    def of_passage(self, passage: int) -> tuple[Sentence, ...]:
        """Those of a passage."""
        numbers = self.numbers_of(passage)
        return tuple(self[numbers.start : numbers.stop])

    def passages(self) -> list[int]:
        """The passages that have any, ascending."""
        return list(dict.fromkeys(self._passages))


class Passages(Table[Passage]):
    """The passages of an article; each is made when it is asked for.

    Args:
        passages: In order, numbered from 0, those of a paragraph next to each other.

    Attributes:
        starts: Where each starts, ascending.
        sentences: Their sentences.
    """

    def __init__(self, passages: Iterable[Passage] = ()) -> None:
        self.starts, self._ends, self._paragraphs, self._path_numbers = (array("i") for _ in range(4))
        numbers: dict[tuple[str, ...], int] = {}

        def sentences() -> Iterator[Sentence]:
            for passage in passages:
                self.starts.append(passage.start)
                self._ends.append(passage.end)
                self._paragraphs.append(passage.paragraph)
                self._path_numbers.append(numbers.setdefault(passage.path, len(numbers)))
                yield from passage.sentences

        self.sentences = Sentences(sentences())
        self._paths = tuple(numbers)
        super().__init__(self._passage, range(len(self.starts)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Passages) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def number_at(self, offset: int) -> int:
        """The number of the passage that holds an offset; the first's before it."""
        return max(bisect_right(self.starts, offset) - 1, 0)

    def _passage(self, number: int) -> Passage:
        return Passage(
            start=self.starts[number],
            end=self._ends[number],
            id=self._id(number),
            number=number,
            paragraph=self._paragraphs[number],
            sentences=self.sentences.of_passage(number),
            path=self._paths[self._path_numbers[number]],
        )

    def _id(self, number: int) -> str:
        paragraph = self._paragraphs[number]
        first = bisect_left(self._paragraphs, paragraph)
        end = bisect_right(self._paragraphs, paragraph, lo=first)
        return passage_id(paragraph, number - first, end - first)


def passage_id(paragraph: int, place: int, count: int) -> str:
    """What a passage is called.

    Args:
        paragraph: The number of its paragraph.
        place: Its place, from 0, among the passages of that,
        count: of which there are so many.
    """
    return f"p{paragraph}" if count == 1 else f"p{paragraph}.{place + 1}"
