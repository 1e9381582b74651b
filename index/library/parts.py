"""What a library and its branches have in common, put together."""

from __future__ import annotations

from dataclasses import dataclass

from index.library.asking_all import AllArticles
from index.library.changing import Changer
from index.library.indexing import Indexing
from index.library.memory import Memory
from index.library.models import Models
from index.library.opening import Opener
from index.library.publishing import Publisher
from index.library.quotas import Allowance, Quotas
from index.library.rebuilding import Rebuilder
from index.library.sourcing import Sources
from index.model.library import MemoryUse
from index.sources.limits import Limits


@dataclass(frozen=True)
class Parts:
    """One of each for all the libraries of a process: they share models, memory and what is being rebuilt."""

    models: Models
    memory: Memory
    sources: Sources
    rebuilder: Rebuilder
    opener: Opener
    changer: Changer
    all_articles: AllArticles

    def memory_use(self) -> MemoryUse:
        """What they hold in memory."""
        openings, articles = self.memory.openings, self.memory.articles
        return MemoryUse(self.models.are_loaded, len(articles), openings[True], openings[False])

    @classmethod
    def over(
        cls, models: Models, *, limits: Limits, quotas: Quotas, check_at_least: float, open_articles: int
    ) -> Parts:
        """Puts them together; see ``Library`` for the arguments."""
        sources, memory, rebuilder = Sources(limits=limits), Memory(articles=open_articles), Rebuilder()
        allowance, indexing = Allowance(quotas), Indexing(models=models)
        publisher = Publisher(
            models=models,
            memory=memory,
            allowance=allowance,
            indexing=indexing,
            check_at_least=check_at_least,
        )
        opener = Opener(
            models=models,
            memory=memory,
            sources=sources,
            publisher=publisher,
            rebuilder=rebuilder,
            allowance=allowance,
        )
        changer = Changer(sources=sources, publisher=publisher, allowance=allowance, indexing=indexing)
        all_articles = AllArticles(opener=opener, indexing=indexing)
        return cls(models, memory, sources, rebuilder, opener, changer, all_articles)
