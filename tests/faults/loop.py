"""How long hostile texts hold the bot's event loop: ``python -m tests.faults.loop [--chars N] [NAME]...``.

Each text is added as an article to the library of a server, through the bot's own service, and then asked,
quoted and summed up, while the loop notes how late it wakes. Another thread holds the loop only while it has
the interpreter, and then this process is at work: of the time that the loop was late, only what the process
worked meanwhile counts, less what its threads waited for a processor, so that a busy machine is no fault.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bot.service.change_request import ChangeRequest
from bot.service.place import Place
from bot.service.service import Service
from index import ArticleError, Library, QuestionError
from tests.faults.world import prepare
from tests.index.fakes import FakeEmbedder
from tests.index.hostile_texts import TEXTS

MAX_SECONDS = 0.1
PLACE = Place(server=1, channel=10)
_NAP = 0.005


class CpuQueue:
    """How long threads of this process were ready to run and waited for a processor.

    Source: the second field of ``/proc/<pid>/task/<tid>/schedstat`` (the kernel's documentation,
    ``scheduler/sched-stats``). Where the kernel does not tell, nobody waits.
    """

    def __init__(self) -> None:
        self._waited: dict[str, int] = {}

    def seconds(self) -> float:
        """What all of them have waited since the last call, together."""
        nanoseconds = 0
        for thread in Path("/proc/self/task").iterdir():
            try:
                waited = int((thread / "schedstat").read_text().split()[1])
            except (FileNotFoundError, ProcessLookupError):  # it has ended
                continue
            nanoseconds += waited - self._waited.get(thread.name, 0)
            self._waited[thread.name] = waited
        return nanoseconds / 1e9


class Lag:
    """The longest that the loop was held, in seconds."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def watch(self) -> None:
        """Notes it until it is cancelled."""
        queue = CpuQueue()
        queue.seconds()
        while True:
            began, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(_NAP)
            late = time.perf_counter() - began - _NAP - queue.seconds()
            self.worst = max(self.worst, min(late, time.process_time() - worked))


@contextlib.contextmanager
def service(folder: Path) -> Iterator[Service]:
    """The bot's service over a library whose model is a bag of words: a real one lets the interpreter go.

    What was imported is put aside from the collector of garbage, as the bot does when it starts.
    """
    gc.collect()
    gc.freeze()
    path = folder / "set.txt"
    path.write_text("The set article is short. The lighthouse is closed on Mondays.\n")
    library = Library(folder / "data", article_path=path, embedder=FakeEmbedder())
    try:
        yield Service(library)
    finally:
        gc.unfreeze()


async def held(serving: Service, name: str, content: bytes, ending: str = "txt") -> tuple[float, str]:
    """How long the loop is held while a text is added and asked, and what came of it."""
    lag = Lag()
    watching = asyncio.create_task(lag.watch())
    try:
        came = await _use(serving, f"{name}.{ending}", content)
    finally:
        watching.cancel()
    return lag.worst, came


async def _use(serving: Service, name: str, content: bytes) -> str:
    async def attach() -> tuple[bytes, None]:
        return content, None

    try:
        request = ChangeRequest(server=PLACE.server, starter=1, who="eve", adds=True, file_name=name)
        outcome = await serving.change(request, lambda _: None, attach=attach)
    except ArticleError as error:
        return f"refused: {error}"
    article = await serving.read(PLACE, lambda library: library.article(outcome.report.info.article.id))
    await serving.ask("What did she say of it?", place=PLACE, asker=1, article=article.id)
    with contextlib.suppress(QuestionError):
        await serving.ask(article.text[:3_900], place=PLACE, asker=1, article=article.id)
    await serving.read(PLACE, lambda library: library.quotes(article=article.id))
    await serving.read(PLACE, lambda library: library.quotes(article.text[:4_000], article=article.id))
    await serving.read(PLACE, lambda library: library.speakers(article=article.id))
    await serving.read(PLACE, lambda library: library.summary(article=article.id))
    await serving.alter(PLACE, lambda library: library.remove(article.id, who="eve"))
    return f"read, {outcome.report.added} passages"


async def _all(names: list[str], chars: int) -> int:
    worst, wrong = 0.0, 0
    for name in names or list(TEXTS):
        with tempfile.TemporaryDirectory() as folder, service(Path(folder)) as serving:
            began = time.perf_counter()
            seconds, came = await held(serving, name, TEXTS[name](chars).encode())
            await serving.close(patience=1)
        worst, wrong = max(worst, seconds), wrong + (seconds > MAX_SECONDS)
        print(
            f"{seconds * 1000:5.0f} ms of {time.perf_counter() - began:5.1f} s  {name}: {came[:70]}",
            flush=True,
        )
    print(f"The event loop was held {worst * 1000:.0f} ms at the most; {wrong} texts held it over 100 ms.")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults.loop", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--chars", type=int, default=200_000)
    args = parser.parse_args()
    prepare()
    sys.exit(asyncio.run(_all(args.names, args.chars)))
