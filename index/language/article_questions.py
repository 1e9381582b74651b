"""Questions about the article as a whole: what it is about, who wrote it, when, where it is from, how long.

They are recognised in English, German, French and Spanish, and only where nothing else is asked: "who wrote
the letter?" is about a letter, "who wrote this article?" about the article. Where nothing was asked before,
"it" and "this" are the article, too.
"""

from __future__ import annotations

import re

from index.model.answer import ArticleTopic

_MOST_CHARS = 120
"""What is longer asks for more."""

_ARTICLE = (
    r"(?:(?:this|that) (?:article|text|page|piece|essay|post|story|document|paper|report|book|blog|file|pdf"
    r"|handbook|guide|manual|interview|transcript|chat|conversation|e?-?mail|message|letter|recipe|chapter"
    r"|speech|lecture|podcast|episode|study|review|memo|newsletter|press release|log|minutes|note)"
    r"|the (?:article|text|page|document|essay|piece))"
)
_IT = rf"(?:{_ARTICLE}|this|it)"
_ARTIKEL = r"(?:(?:de[nmrs]|das|die|diese[nmrs]?) (?:artikels?|texte?s?|beitrags?|seite|dokuments?|aufsatz))"
_ES = rf"(?:{_ARTIKEL}|das|dies|es|hier)"
_CET_ARTICLE = (
    r"(?:l['’]article|(?:cet|de cet) article|(?:ce|le|du|de ce) (?:texte|document)|(?:la|cette) page)"
)
_CELA = rf"(?:{_CET_ARTICLE}|cela|ça|ceci)"
_ESTE = r"(?:(?:el|este|del|de este) (?:artículo|articulo|texto|documento)|(?:la|esta) página)"
_ESTO = rf"(?:{_ESTE}|esto)"
_WAS_PUBLISHED = (
    r"(?:(?:first |originally |last )?(?:written|published|posted|updated|dated|printed|sent|recorded))"
)

_TOPICS: dict[ArticleTopic, tuple[str, ...]] = {
    ArticleTopic.CONTENT: (
        rf"(?:so )?what(?:[’']?s| is| was) {_IT} (?:all |mainly |mostly )?about",
        rf"what(?:[’']?s| is) (?:this|{_ARTICLE})",
        rf"what (?:does|do) {_ARTICLE} (?:talk about|deal with|cover|discuss|describe|say|tell(?: us| me)?)",
        rf"what happens in {_ARTICLE}",
        rf"tell me (?:something |more )?about {_ARTICLE}",
        rf"(?:summari[sz]e|sum up)(?: {_IT})?(?: up)?"
        r"(?: for me| briefly| shortly| quickly| in \w+ (?:words?|sentences?))?",
        rf"(?:(?:give|write|make)(?: me| us)? )?(?:an? |the )?(?:short |brief |quick )?"
        rf"(?:summary|overview|gist|synopsis|abstract)(?: of {_IT})?",
        r"tl;? ?dr",
        rf"(?:(?:give|tell|show)(?: me| us)?|list) the (?:main |key |central |most important )?"
        rf"(?:points?|ideas?|topics?|takeaways?|themes?|facts)(?: of {_IT})?",
        rf"what(?:[’']?s| is| are) (?:the|its) (?:main |key |central |overall )?"
        rf"(?:points?|ideas?|topics?|messages?|takeaways?|subjects?|themes?|gist)(?: of {_IT})?",
        rf"(?:worum|um was) (?:geht|handelt) (?:es|sich)(?: es)?(?: (?:in )?{_ES})?",
        rf"(?:wovon|von was) handelt {_ES}",
        rf"was (?:steht|sagt) (?:in )?{_ARTIKEL}",
        rf"fass(?:e|en sie)?(?: mir)? {_ES}(?: bitte| kurz)* zusammen",
        rf"(?:eine |die )?(?:kurze )?zusammenfassung(?: {_ARTIKEL})?",
        rf"(?:de quoi|d['’]quoi) (?:parle|traite|s['’]agit|est-il question)(?:[ -]il|[ -]t-il)?"
        rf"(?: (?:dans )?{_CELA})?",
        rf"résume[rz]?(?:[ -]moi)?(?: {_CELA})?",
        rf"(?:un |le )?(?:court |bref )?résumé(?: {_CET_ARTICLE}| de {_CELA})?",
        rf"(?:de|sobre) qu[ée] (?:trata|va|habla|es)(?: {_ESTO})?",
        rf"(?:resume|resúmeme|resumir)(?: {_ESTO})?",
        rf"(?:un |el )?(?:breve )?resumen(?: {_ESTE}| de {_ESTO})?",
    ),
    ArticleTopic.AUTHOR: (
        rf"who (?:wrote|authored|has written|penned) {_IT}",
        rf"who(?:[’']?s| is| are| was) the (?:authors?|writers?|journalists?)(?: of {_IT}| here)?",
        rf"who(?:[’']?s| is| was) {_IT}(?: written)? by",
        rf"by whom (?:is|was) {_IT}(?: written)?",
        rf"wer hat {_ES} (?:geschrieben|verfasst)",
        r"(?:wer|wie hei(?:ß|ss)t)(?: ist| sind)? (?:der|die) (?:autor(?:in|en)?|verfasser(?:in)?)"
        rf"(?: (?:von )?{_ES})?",
        rf"von wem (?:ist|stammt|wurde) {_ES}(?: geschrieben| verfasst)?",
        rf"qui a (?:écrit|rédigé) {_CELA}",
        rf"qui est l['’]aut(?:eur|rice)e?(?: (?:de )?{_CELA})?",
        rf"qui[ée]n (?:escribió|ha escrito|redactó) {_ESTO}",
        rf"qui[ée]n es (?:el|la) autora?(?: (?:de )?{_ESTO})?",
    ),
    ArticleTopic.DATE: (
        rf"when (?:was|is|were) {_IT} {_WAS_PUBLISHED}",
        rf"when did {_ARTICLE} (?:come out|appear)",
        rf"when (?:was|is) {_ARTICLE} (?:from|released|made)",
        rf"how (?:old|recent|new|current|up[ -]to[ -]date) is {_ARTICLE}",
        rf"what(?:[’']?s| is) the (?:publication |publishing )?date(?: of {_IT})?",
        rf"(?:what|which) (?:date|day|year) (?:is|was) {_ARTICLE} (?:from|{_WAS_PUBLISHED})",
        rf"(?:wann|in welchem jahr) (?:wurde|ist) {_ES} "
        r"(?:geschrieben|verfasst|veröffentlicht|publiziert|erschienen)"
        r"(?: worden)?",
        rf"(?:von wann ist|wie alt ist|wann erschien) {_ARTIKEL}",
        rf"quand {_CELA} a(?:-t-il|-t-elle)? été (?:écrit|publié|rédigé)e?",
        rf"(?:quand|de quand) (?:a été (?:écrit|publié|rédigé)e?|date|est paru) {_CELA}",
        rf"cu[áa]ndo (?:se (?:escribió|publicó)|fue (?:escrito|publicado)) {_ESTO}",
        rf"de cu[áa]ndo es {_ESTO}",
    ),
    ArticleTopic.SOURCE: (
        rf"where (?:is|was|does|did) {_IT} (?:come )?(?:taken )?from",
        rf"where (?:was|is) {_ARTICLE} (?:published|posted|printed)",
        rf"where did {_ARTICLE} (?:appear|come out)",
        rf"where can (?:i|we|one) (?:find|read|see) {_ARTICLE}(?: online)?",
        rf"what(?:[’']?s| is) the (?:source|origin|url|link|address|web ?site)(?: (?:of|to|for) {_IT})?",
        rf"(?:what|which) (?:site|website|newspaper|magazine|paper|source) (?:is|was) {_IT} (?:taken )?from",
        rf"(?:what|which|who) (?:site |website |newspaper |magazine |paper |outlet )?published {_ARTICLE}",
        rf"(?:woher|wo) (?:stammt|kommt|ist|wurde) {_ES}(?: her| veröffentlicht| erschienen)?",
        rf"(?:was|wie) ist die quelle(?: (?:von )?{_ES})?",
        rf"d['’]où (?:vient|provient|est tiré) {_CELA}",
        rf"quelle est la source(?: (?:de )?{_CELA})?",
        rf"de d[óo]nde (?:es|viene|sale|procede) {_ESTO}",
        rf"cu[áa]l es la fuente(?: (?:de )?{_ESTO})?",
    ),
    ArticleTopic.LENGTH: (
        rf"how long is (?:{_ARTICLE}|this)",
        rf"how long (?:does it take|would it take|will it take) to read(?: {_IT})?",
        rf"how many (?:words|paragraphs|characters|pages|sentences|letters) (?:does {_IT} have"
        rf"|has {_IT}|is {_IT}|are (?:there )?in {_IT})",
        rf"what(?:[’']?s| is) the (?:length|word count|size)(?: of {_IT})?",
        rf"wie lang(?:e)? ist {_ARTIKEL}",
        rf"wie ?viele (?:wörter|worte|absätze|zeichen|seiten|sätze) (?:hat|sind in) {_ES}",
        rf"(?:combien de (?:mots|pages|paragraphes|phrases) (?:a|contient|compte|y a-t-il dans)"
        rf"|quelle est la longueur (?:de )?) ?{_CELA}",
        rf"cu[áa]ntas (?:palabras|páginas|frases) (?:tiene|hay en) {_ESTO}",
        rf"(?:qu[ée] tan largo|c[óo]mo de largo) es {_ESTO}",
    ),
    ArticleTopic.TITLE: (
        rf"what(?:[’']?s| is) {_ARTICLE} (?:called|titled|named|entitled)",
        rf"what(?:[’']?s| is) the (?:title|headline|name)(?: of {_IT})?",
        rf"wie (?:heißt|heisst|lautet der titel) ?(?:von )?{_ARTIKEL}",
        rf"(?:wie|was) (?:ist|lautet) der titel(?: (?:von )?{_ES})?",
        rf"(?:comment s['’]appelle|quel est le titre(?: de)?) ?(?:{_CELA})?",
        rf"(?:c[óo]mo se llama|cu[áa]l es el título(?: de)?) ?(?:{_ESTO})?",
    ),
}
_PATTERNS = {topic: re.compile("|".join(patterns)) for topic, patterns in _TOPICS.items()}
_POLITE = re.compile(r"^(?:please|bitte|s['’]il (?:te|vous) plaît|por favor)\b[ ,]*+")
_POLITE_AT_THE_END = re.compile(
    r"(?<![ ,])[ ,]++(?:please|pls|bitte|s['’]il (?:te|vous) plaît|por favor|again|anyway|exactly)\Z"
)
_NAMES_IT = re.compile("|".join((_ARTICLE, _ARTIKEL, _CET_ARTICLE, _ESTE)))


def article_topic(question: str, *, is_first: bool = True) -> ArticleTopic | None:
    """What a question asks about the article as a whole, or None where it asks of what stands in it.

    Args:
        question: As it was asked.
        is_first: Whether nothing was asked before. Else only a question that names the article is about it.
    """
    if len(question) > _MOST_CHARS:
        return None
    words = " ".join(question.lower().split()).strip(" ¿¡?.!…").replace(" ?", "")
    words = _POLITE_AT_THE_END.sub("", _POLITE.sub("", words))
    if not is_first and not _NAMES_IT.search(words):
        return None
    return next((topic for topic, pattern in _PATTERNS.items() if pattern.fullmatch(words)), None)
