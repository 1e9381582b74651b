"""What is found out of a new text before anybody is answered from it.

The process that answers needs two things of a text: its sentences, and who speaks in it. Both are found by
rules that run over what strangers wrote, and one that some text makes slow would hold every answer. So both
are found here first. The sentences are few numbers, and are handed over. What ``Speech`` finds is a web of
objects that takes longer to hand over than to find again, so here it is only shown that it is found within
the limits: the process that answers runs the very same code over the very same text, and finds the same in
the same time.
"""

from __future__ import annotations

from dataclasses import replace

from index.language.attribution import Speech
from index.language.sentences import split_sentences
from index.model.article import Article, Span, Spans


def analysed(article: Article) -> Article:
    """The article with its sentences, once all that is asked of its speech has been found out."""
    sentences = Spans(
        Span(paragraph.start + span.start, paragraph.start + span.end)
        for paragraph in article.paragraphs
        for span in split_sentences(paragraph.of(article.text), article.language)
    )
    speech = Speech(article)
    speech.quotes()
    for sentence in sentences:
        speech.frame(sentence)
        speech.mentions(sentence)
        speech.speaker(sentence)
        speech.leans_on_previous(sentence)
    return replace(article, sentences=sentences)
