"""The language of a text that does not say it. The only module that imports eld.

Three were measured on ten languages and on English alone (87 paragraphs, 377 sentences of an encyclopaedia,
of which eld takes none for another language). eld: 0.13 s to load, 57 MB. py3langid brings numpy into the
process, 196 MB, near all that it may take. lingua is a download of 96 MB, and takes 159 MB.
"""

from __future__ import annotations

from collections import Counter

from index.model.article import Article

_SAMPLES = 9  # paragraphs that are looked at: one in another language does not settle it
_LEAST_CHARS = 60  # of a paragraph; of shorter ones, the text as a whole is looked at
_MOST_CHARS = 1_000  # which tell a language as well as a whole text


def language_of(article: Article) -> str | None:
    """The ISO 639-1 code of the language that a text is written in; None where it cannot be told."""
    from eld import LanguageDetector

    whole = article.text[:_MOST_CHARS]
    if not any(map(str.isalpha, whole)):
        return None
    paragraphs = [one for one in article.paragraphs if one.end - one.start >= _LEAST_CHARS]
    step = len(paragraphs) // _SAMPLES + 1
    samples = [article.text[one.start : min(one.end, one.start + _MOST_CHARS)] for one in paragraphs[::step]]
    detector = LanguageDetector()
    guesses = [detector.detect(sample) for sample in samples or [whole]]
    language, votes = Counter(one.language for one in guesses).most_common(1)[0]
    sure = any(one.language == language and one.is_reliable() for one in guesses)
    return str(language) if language and sure and 2 * votes > len(guesses) else None
