"""What admins answer themselves: how it stands in its article, and the names that have to go out of it."""

from __future__ import annotations

import logging
from functools import partial

from bot.service.threads import ClosingError, Threads
from bot.words import words_for
from index import AnswerLabels, FootnoteError, Library, WrittenAnswer

log = logging.getLogger(__name__)


def _title(answer: WrittenAnswer) -> str:
    words = words_for(answer.language)
    return words("Answered by the admins")


def _heading(answer: WrittenAnswer) -> str:
    """Who gave an answer, and when. A name that Markdown or a mention could be made of is text here."""
    words = words_for(answer.language)
    date = words.date(answer.answered_at.date())
    if not answer.name:
        return words("Answered by an admin on {date}:", date=date)
    return words("Answered by {name} on {date}:", name=answer.name, date=date)


LABELS = AnswerLabels(title=_title, heading=_heading)
"""What the article of a server says besides the answers."""


class Answers:
    """Takes names out of what admins have answered.

    Args:
        library: The common library.
        threads: Where it is written.
    """

    def __init__(self, library: Library, threads: Threads) -> None:
        self._library = library
        self._threads = threads

    async def renew(self) -> None:
        """Takes the names of people who were deleted out of all articles.

        What cannot be done now is logged, and is to be tried again.
        """
        try:
            stale = await self._threads.run(self._threads.reading, self._library.ledger.answers.stale)
        except ClosingError:
            return
        except FootnoteError as error:
            log.warning("Which names are to go out of what admins have answered is not known: %s", error)
            return
        for server in stale:
            answers = self._library.branch(server).admin_answers
            try:
                await self._threads.run(self._threads.indexing, partial(answers.renew, LABELS))
            except ClosingError:
                return
            except FootnoteError as error:
                log.warning("A name is to go out of what admins of server %s answered: %s", server, error)
            except (
                Exception
            ):  # the other servers' names are to go all the same, and this one's is tried again
                log.exception("A name could not be taken out of what admins of server %s answered.", server)
