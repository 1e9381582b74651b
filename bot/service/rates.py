"""How often people and servers may ask and look things up: so many times in any minute."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from index import FootnoteError


class TooFastError(FootnoteError):
    """Somebody asks, or all of a server together ask, more often than they may.

    Attributes:
        repeated: Whether this person was told so within the last minute already.
    """

    def __init__(self, message: str, /, *, seconds: int, repeated: bool) -> None:
        super().__init__(message, seconds=seconds)
        self.repeated = repeated


class Window:
    """Counts what each key does within the last minute or so; what is older is forgotten.

    Args:
        most: How often a key may; 0 for as often as it likes, which is not counted.
        seconds: Within which time.
    """

    def __init__(self, most: int, *, seconds: float = 60.0) -> None:
        self._most, self._seconds = most, seconds
        self._times: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._times)

    def times(self, key: Hashable, now: float) -> int:
        """How often ``key`` did within that time."""
        return sum(then > now - self._seconds for then in self._times.get(key, ()))

    def wait(self, key: Hashable, now: float) -> int:
        """Whole seconds until ``key`` may once more; 0 for at once."""
        times = self._times.get(key, deque())
        if not self._most or len(times) < self._most or times[0] <= now - self._seconds:
            return 0
        return max(1, math.ceil(times[0] + self._seconds - now))

    def count(self, key: Hashable, now: float) -> None:
        """Counts one more."""
        if not self._most:
            return
        while self._times and next(iter(self._times.values()))[-1] <= now - self._seconds:
            self._times.popitem(last=False)
        self._times.setdefault(key, deque(maxlen=self._most)).append(now)
        self._times.move_to_end(key)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """How long there is to wait, and whether it is the server that does too much."""

    seconds: int
    everyones: bool


class Rate:
    """How often in a minute a person may do something, and all the people of a server together.

    Args:
        person: Times a minute; 0 for no limit.
        server: The same of all the people of one server together.
    """

    def __init__(self, *, person: int = 0, server: int = 0) -> None:
        self._people, self._servers = Window(person), Window(server)

    def count(self, person: int, server: int | None, now: float) -> _Refusal | None:
        """Counts once more, or says why not; what is refused counts for nobody."""
        if seconds := self._people.wait(person, now):
            return _Refusal(seconds, everyones=False)
        if server is not None and (seconds := self._servers.wait(server, now)):
            return _Refusal(seconds, everyones=True)
        self._people.count(person, now)
        if server is not None:
            self._servers.count(server, now)
        return None


class Rates:
    """The rates that everybody stands under.

    Args:
        questions: What is asked.
        lookups: What is looked up: by commands, buttons and modals.
        offers: What is offered while somebody types. Each key that they press may ask for it, so it does not
            count among what they look up.
        now: The time in seconds.
    """

    def __init__(
        self,
        *,
        questions: Rate | None = None,
        lookups: Rate | None = None,
        offers: Rate | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._questions, self._lookups, self._offers = (
            questions or Rate(),
            lookups or Rate(),
            offers or Rate(),
        )
        self._notices = Window(1)
        self._now = now

    def count_question(self, *, person: int, server: int | None) -> None:
        """Counts a question, unless it is one too many.

        Raises:
            TooFastError: it is; the message says how long to wait.
        """
        refusal = self._questions.count(person, server, self._now())
        if refusal is None:
            return
        seconds, repeated = refusal.seconds, self._was_told(person)
        if refusal.everyones:
            raise TooFastError(
                "This server asks a lot just now. Please ask again in {seconds} s.",
                seconds=seconds,
                repeated=repeated,
            )
        raise TooFastError(
            "One moment, please: you can ask again in {seconds} s.", seconds=seconds, repeated=repeated
        )

    def count_overheard(self, *, person: int, server: int | None) -> bool:
        """Counts a question that was not put to the bot; False where it is one too many, untold."""
        return self._questions.count(person, server, self._now()) is None

    def count_lookup(self, *, person: int, server: int | None) -> None:
        """Counts what somebody looks up, unless it is one too many.

        Raises:
            TooFastError: it is; the message says how long to wait.
        """
        refusal = self._lookups.count(person, server, self._now())
        if refusal is None:
            return
        seconds, repeated = refusal.seconds, self._was_told(person)
        if refusal.everyones:
            raise TooFastError(
                "This server looks up a lot just now. Please try again in {seconds} s.",
                seconds=seconds,
                repeated=repeated,
            )
        raise TooFastError(
            "One moment, please: you can go on in {seconds} s.", seconds=seconds, repeated=repeated
        )

    def count_offer(self, *, person: int, server: int | None) -> bool:
        """Counts what is offered while somebody types; False where it is one too many."""
        return self._offers.count(person, server, self._now()) is None

    def _was_told(self, person: int) -> bool:
        """Whether a person was told within the last minute; else, from now on they were."""
        now = self._now()
        if self._notices.wait(person, now):
            return True
        self._notices.count(person, now)
        return False
