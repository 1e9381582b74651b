"""Where an article is from, as against where it says it is from.

Any page can name another site's address as its own, and any name as its site's. What is cited by such an
address is taken for the words of that site, so:

- What was fetched is from where it was fetched. The address that it names as its own (canonical) one is taken
  only within the same registrable domain, where one owner has both.
- A site's name is taken only where it says no more than the domain does ("The Guardian" of theguardian.com):
  nobody can look up whether example.net may call itself "BBC News". Else the domain stands in its place.
- What was attached is from whoever attached it: it has neither, whatever it says.
- A file on the machine's disk was put there by who runs Footnote, and so was the sidecar beside it: who could
  forge them can alter the program as well. What they say is taken.

What is not taken is kept as a claim, and shown as one.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from index.model.article import Article
from index.model.source import Origin, SourceKind
from index.sources.addresses import Site, site_of
from index.sources.extract.metadata import web_address


def settled(article: Article, origin: Origin) -> Article:
    """An article that says where it is from, with what of that can be believed; the rest as claims.

    Args:
        article: ``source`` and ``site`` are what it says.
        origin: Where it was got from.
    """
    claim, name = article.source, article.site
    match origin.kind:
        case SourceKind.SHIPPED | SourceKind.FILE:
            return article
        case SourceKind.UPLOAD:
            return replace(article, source=None, site=None, claimed_source=claim, claimed_site=name)
        case SourceKind.WEB:
            site = site_of(origin.place)
            own = claim is None or (site is not None and site_of(claim) == site)
            named = own and name is not None and site is not None and _says_no_more(name, site)
            return replace(
                article,
                source=claim if claim and own else web_address(origin.place),
                site=name if named else site.domain if site else None,
                claimed_source=None if own else claim,
                claimed_site=None if named else name,
            )


def _says_no_more(name: str, site: Site) -> bool:
    """Whether a site's name is its domain, written as people write it."""
    said = _letters(name)
    return said.removeprefix("the") == site.label.removeprefix("the") or said == _letters(site.domain)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))
