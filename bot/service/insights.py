"""What was asked in a server, as its admins may see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.service.place import Place
from bot.service.service import Service
from index import CitedPassage, Insights, KeptQuestion, Library, LibraryError, Span, insights


async def insights_of(service: Service, place: Place, asker: int, *, days: int) -> Insights:
    """What was asked in the server of a place in the last days.

    Raises:
        LineFullError: too many questions are waiting, with which it stands in line for the model.
    """
    until = datetime.now(UTC)
    return await insights_between(service, place, asker, until - timedelta(days=days), until)


async def insights_between(
    service: Service,
    place: Place,
    asker: int,
    since: datetime,
    until: datetime,
    counts: Callable[[KeptQuestion], bool] = lambda _: True,
) -> Insights:
    """What was asked in the server of a place within a period, as far as it ``counts``.

    Raises:
        LineFullError: too many questions are waiting, with which it stands in line for the model.
    """
    server = str(place.server)
    every = await service.ledger.look(lambda ledger: ledger.questions(server, since, until))
    questions = tuple(filter(counts, every))

    def work(library: Library) -> Insights:
        return insights(questions, since, until, library.models().embedder)

    return await service.consult(place, asker, work)


def quote_at(library: Library, one: KeptQuestion | CitedPassage) -> str | None:
    """What was cited, where that version of the article is kept."""
    span: Span | None = one.span
    if span is None:
        return None
    try:
        return library.article(one.article, version=one.version).text[span.start : span.end]
    except LibraryError:
        return None
