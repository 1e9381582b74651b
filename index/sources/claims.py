"""Where an article is from, as against where it says it is from.

Any page can name another site's address as its own, and any name as its site's. What is cited by such an
address is taken for the words of that site, so:

- What was fetched is from where it was fetched. The address that it names as its own (canonical) one is taken
  only within the same registrable domain, where one owner has both.
- A site's name is taken only where it says no more than the domain does, and the domain stands beside it:
  "The Guardian (theguardian.com)". Nobody can look up whether example.net may call itself "BBC News", and
  anybody can have theguardian.github.io. Else the domain stands in the name's place.
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
        case SourceKind.SHIPPED | SourceKind.FILE | SourceKind.ANSWERS:
            return article
        case SourceKind.UPLOAD:
            return replace(article, source=None, site=None, claimed_source=claim, claimed_site=name)
        case SourceKind.WEB:
            site = site_of(origin.place)
            own = claim is None or (site is not None and site_of(claim) == site)
            site_name = _named(name, site) if own and name and site else None
            return replace(
                article,
                source=claim if claim and own else web_address(origin.place),
                site=site_name or (site.domain if site else None),
                claimed_source=None if own else claim,
                claimed_site=None if site_name else name,
            )


def _named(name: str, site: Site) -> str | None:
    """A site's name with its domain, where it is that or the label of it, as people write it; else None."""
    letters = _letters(name)
    if letters == _letters(site.domain):
        return name
    is_label = letters.removeprefix("the") == site.label.removeprefix("the")
    return f"{name} ({site.domain})" if is_label else None


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))
