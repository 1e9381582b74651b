"""What people say to a bot that is no question about an article: a greeting, thanks, "what can you do?"."""

from __future__ import annotations

import re
from enum import StrEnum


class SmallTalk(StrEnum):
    """What is said."""

    GREETING = "greeting"
    THANKS = "thanks"
    ABILITIES = "abilities"


_MOST_CHARS = 80
"""What is longer says more."""

GREETINGS = (
    "hi|hiya|hello|hey|heya|yo|howdy|greetings|good (?:morning|afternoon|evening|day)|hallo|guten (?:tag"
    "|morgen|abend)"
    "|moin|servus|grüß gott|grüezi|bonjour|bonsoir|salut|coucou|hola|buenos días|buenas(?: tardes"
    "| noches)?|ciao"
)
THANKS = (
    "thanks|thank you|thank u|thx|tysm|ty|tia|cheers|danke(?: schön| sehr)?|dankeschön|vielen dank"
    "|merci(?: beaucoup)?"
    "|(?:muchas )?gracias|many thanks|thanks in advance|thank you in advance|danke im voraus"
    "|merci d['’]avance"
)
_ALL = r"(?: (?:there|all|everyone|everybody|folks|guys|team|you|bot|friend|zusammen|alle|à tous|a todos))?"
_NAME = r"(?: [^\W\d_]{1,30})?"

_PATTERNS = {
    SmallTalk.GREETING: re.compile(
        rf"(?:{GREETINGS}){_ALL}{_NAME}(?: (?:how are you|how(?:[’']?s| is) it going|what(?:[’']?s| is) up"
        rf"|wie geht[’']?s"
        r"|wie geht es dir|ça va|qué tal)(?: doing| today)?)?"
        r"|how are you(?: doing)?(?: today)?|how(?:[’']?s| is) it going|what(?:[’']?s| is) up|sup"
        r"|wie geht(?:[’']s| es dir)"
    ),
    SmallTalk.THANKS: re.compile(
        rf"(?:(?:ok|okay|great|perfect|super|nice|cool|got it|alright|toll|parfait|perfecto"
        rf"|genial) )?(?:{THANKS})"
        rf"(?: (?:so|very) much| a lot| a bunch| for (?:the|your|that|this)(?: [a-z]{{1,20}})?| anyway"
        rf"| again)?{_ALL}{_NAME}"
        r"|(?:good ?bye|bye|bye bye|see you|see ya|tschüss|tschüß|au revoir|adiós|good night|gute nacht)"
        r"|that helps|that helped|(?:good|nice|great) (?:bot|job|work|answer)|well done|perfect|awesome"
    ),
    SmallTalk.ABILITIES: re.compile(
        r"what (?:can|do|could) you (?:do|know|answer|offer)(?: for (?:me|us))?|what are you(?: for"
        r"| able to do)?"
        r"|who are you|what(?:[’']?s| is) your (?:name|purpose|job)|how (?:do|does|can) (?:you|this|it"
        r"|this bot|the bot) work"
        r"|how (?:do|can|should) (?:i|we) (?:use|ask|talk to) (?:you|this|it|this bot|the bot)"
        r"|what (?:can|should|may|could) (?:i|we) (?:ask|do)(?: you| here| with (?:you|this))?"
        r"|are you (?:a bot|an ai|human|real)"
        r"|(?:can|could) you help(?: me| us)?|help(?: me)?|what (?:are you|is this bot|is this bot for)"
        r"|was kannst du(?: tun| alles)?|wer bist du|was bist du|wie funktionierst du|wie funktioniert das"
        r"|hilfe"
        r"|que (?:peux|sais)[ -]tu faire|qu['’]est-ce que tu (?:peux|sais) faire|qui es[ -]tu"
        r"|comment ça marche|aide(?:-moi)?"
        r"|qu[ée] (?:puedes|sabes) hacer|qui[ée]n eres|c[óo]mo funcionas?|ayuda"
    ),
}
_MARKS = re.compile(r"[^\w\s'’-]+|\b-|-\b(?!\w)")


def small_talk(text: str) -> SmallTalk | None:
    """What a message says where it asks nothing about the article; None where it may.

    Args:
        text: The message, without what Discord has put in it.
    """
    if len(text) > _MOST_CHARS:
        return None
    words = " ".join(_MARKS.sub(" ", text.lower()).split())
    return next((talk for talk, pattern in _PATTERNS.items() if pattern.fullmatch(words)), None)
