"""What was said, written down: captions of films (WebVTT, SubRip) and exports of chats, as paragraphs.

Captions come in pieces of a few seconds, which end where the screen does. Here they are put together to what
one person says, and the times are left out. In a chat, a message is a paragraph with its name before it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

_CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}"
_CUE = re.compile(rf"\s*+{_CLOCK}[ \t]*+-->[ \t]*+{_CLOCK}")
_SUBRIP = re.compile(rf"\s*+\d{{1,6}}[ \t]*+\n\s*+{_CLOCK}[ \t]*+-->")
_VOICE = re.compile(r"<v(?:\.[\w.-]*+)?[ \t]++([^<>]++)>")
_TAG = re.compile(r"</?[a-zA-Z\d][^<>]*+>|\{\\[^{}]*+\}")
_SOUND = re.compile(r"[\[(♪][^\[\]()]*+[\])♪]")  # [music]: nobody says it
_TURN = re.compile(r"(?:-|–|—|>>+)[ \t]*+(?=\S)")
_NOT_SAID = ("NOTE", "STYLE", "REGION", "WEBVTT", "X-TIMESTAMP")
_PARAGRAPH_CHARS = 600  # of cues by one speaker that are read as a paragraph, some 100 words
_ENDS = (".", "!", "?", "…", '."', ".”")

_DAY = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_MESSAGE = re.compile(  # [12.05.24, 10:04:33] Mara: Hello
    rf"\u200e?(?:\[{_DAY},?\s{_TIME}\]\s|{_DAY},?\s{_TIME}\s-\s)(?:~\s?)?(?P<name>[^:\n]{{1,60}}):\s"
)
_NOTICE = re.compile(rf"\u200e?(?:\[{_DAY},?\s{_TIME}\]\s|{_DAY},?\s{_TIME}\s-\s)")
_SENDER = re.compile(  # Mara, [12.05.2024 10:04]  [12-May-24 10:04 AM] mara  mara — Today at 10:04
    rf"(?:(?P<name>[^\[\]\n]{{1,60}}?),?\s\[(?P<when>[^\[\]\n]{{0,30}}{_TIME})\]"
    rf"|\[(?P<at>[^\[\]\n]{{0,30}}{_TIME})\]\s(?P<who>[^:\n<>]{{1,60}})"
    r"|(?P<nick>[^\[\]\n—]{1,60}?)(?:\s?—\s?|\s{2,5})"
    rf"(?P<stamp>(?:{_DAY},?\s|[^\W\d_]{{3,10}} at )?{_TIME}))\s*+"
)
_BENEATH = re.compile(r"\n\s?—\s?\n")  # a name, a dash and a time in three lines, as Discord copies them
_RULE = "====="
_MARK = re.compile(r"\{(?:Attachments|Embed|Stickers|Reactions)\}")
_REACTIONS = "{Reactions}"  # counted in the line after it
_PREFACE = 8  # lines before the first message
_MOST_LINES = 6  # of a message under its name, on average
_LEAST = 2  # messages that make a chat


def captions(text: str) -> str | None:
    """The words of captions, a paragraph for each speaker's turn; None of a text that holds none.

    Args:
        text: The file's text, its lines parted by line feeds.
    """
    if not text.startswith("WEBVTT") and not _SUBRIP.match(text):
        return None
    return "\n\n".join(_turns(_spoken(text)))


def _spoken(text: str) -> Iterator[str]:
    """The lines that are spoken, in order, marked where another speaker begins."""
    last = ""
    for blank, block in groupby(text.split("\n"), key=lambda line: not line.strip()):
        lines = list(block)
        cue = next((number for number, line in enumerate(lines) if _CUE.match(line)), None)
        if blank or cue is None or lines[0].startswith(_NOT_SAID):
            continue
        for line in lines[cue + 1 :]:
            with_names = _VOICE.sub(r"\n\1: ", line)
            for part in html.unescape(_TAG.sub("", with_names)).split("\n"):
                words = part.strip()
                if words and words != last:  # rolling captions say a line again as they move it up
                    yield words
                last = words or last


def _turns(lines: Iterator[str]) -> Iterator[str]:
    turn: list[str] = []
    length = 0
    speaker = ""
    for line in lines:
        mark = _TURN.match(line) or _SOUND.fullmatch(line)
        name, _, speech = line.partition(": ")
        has_name = bool(speech) and len(name) <= 30 and name[:1].isupper()
        full = length > _PARAGRAPH_CHARS and turn[-1].endswith(_ENDS)
        if has_name and name == speaker and turn and not full:
            line = speech  # the same one goes on in the next caption
        elif turn and (mark or has_name or full):
            yield " ".join(turn)
            turn, length = [], 0
        speaker = name if has_name else "" if mark else speaker
        turn.append(line[mark.end() :] or line if mark else line)
        length += len(line)
    if turn:
        yield " ".join(turn)


def chat(text: str) -> str | None:
    """The messages of a chat's export, each a paragraph; None of a text that is none.

    A message of several lines becomes one; one whose name stands in a line above it gets it before it, as
    ``[time] name:``. What the program itself says of the chat is a paragraph like others.

    Args:
        text: The file's text, its lines parted by line feeds.
    """
    lines = text.split("\n")
    full_lines = [line for line in lines if line.strip()]
    messages = sum(_MESSAGE.match(line) is not None for line in full_lines)
    notices = sum(_NOTICE.match(line) is not None for line in full_lines)
    if messages >= _LEAST and 4 * notices > len(full_lines):
        return "\n\n".join(_messages(full_lines))
    full_lines = [line for line in _BENEATH.sub(" — ", text).split("\n") if line.strip()]
    senders = [number for number, line in enumerate(full_lines) if _SENDER.fullmatch(line)]
    silent = sum(two - one == 1 for one, two in pairwise(senders))
    if len(senders) < _LEAST or senders[0] > _PREFACE or 4 * silent >= len(senders):
        return None
    is_dense = _MOST_LINES * len(senders) >= len(full_lines) - senders[0]
    return "\n\n".join(_under_names(full_lines)) if is_dense else None


def _messages(lines: Sequence[str]) -> Iterator[str]:
    message = ""
    for line in lines:
        if _NOTICE.match(line):
            yield from filter(None, [message])
            message = line.strip(" \u200e")
        else:
            message = f"{message} {line.strip()}".strip()
    yield message


def _under_names(lines: Sequence[str]) -> Iterator[str]:
    lead, words = "", list[str]()
    counts = False  # reactions
    for line in map(str.strip, lines):
        sender, is_mark = _SENDER.fullmatch(line), _MARK.fullmatch(line)
        if sender is not None or line.startswith(_RULE):
            yield from filter(None, [f"{lead} {' '.join(words)}".strip()])
            lead, words = _lead(sender) if sender else "", []
        elif not counts and not is_mark:
            words.append(line)
        counts = line == _REACTIONS
    yield from filter(None, [f"{lead} {' '.join(words)}".strip()])


def _lead(sender: re.Match[str]) -> str:
    name = sender["name"] or sender["who"] or sender["nick"]
    when = sender["when"] or sender["at"] or sender["stamp"]
    return f"[{when.strip()}] {name.strip()}:"
