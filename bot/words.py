"""The bot's own words, in the language of the person who reads them.

English stands in the code and is the key to the catalogues in ``bot/locales``, which are gettext's: for each
language a ``.po`` file with every text and its translation. `python -m tests.catalogues` brings them up to
date with the code. What an article says is never translated, and the command line stays English.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib import resources

import discord
from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

LANGUAGES = ("de", "es", "fr")
COMMAND_NAME = "command name"  # the gettext context of what people type behind a slash
_NAMES = (Location.command_name, Location.group_name, Location.parameter_name)
_ORDINALS = {
    "de": {"other": "{number}."},
    "en": {"one": "{number}st", "two": "{number}nd", "few": "{number}rd", "other": "{number}th"},
    "es": {"other": "{number}.º"},
    "fr": {"one": "{number}er", "other": "{number}e"},
}


class Words:
    """One language's words.

    Attributes:
        locale: The language, and the country where it is known, by which numbers and dates are written.
    """

    def __init__(self, locale: Locale, catalogue: gettext.NullTranslations) -> None:
        self.locale = locale
        self._catalogue = catalogue

    def __call__(self, text: str, /, **values: object) -> str:
        """``text`` in this language, with ``values`` for the names in braces; English where it is not known.

        The values are inserted as they are: what is not the bot's own goes through ``clip`` first. Without
        any, braces stand as they are.
        """
        return _fill(self._catalogue.gettext(text) if text else "", values)

    def plural(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The text that goes with ``number``, which is ``{number}`` in it, written as people write it."""
        text = self._catalogue.ngettext(one, many, number)
        return _fill(text, {"number": self.number(number), **values})

    def name(self, name: str) -> str:
        """The name of a command or of one of its options, as this language's clients show it."""
        return self._catalogue.pgettext(COMMAND_NAME, name)

    def number(self, number: float, *, decimals: int = 0) -> str:
        """A number with the language's marks: 1,234 or 1.234."""
        fraction = "." + "0" * decimals if decimals else ""
        return format_decimal(number, f"#,##0{fraction}", locale=self.locale)

    def percent(self, share: float) -> str:
        """A share of one as a percentage without decimals."""
        return format_percent(share, locale=self.locale)

    def ordinal(self, number: int) -> str:
        """A place in a line: 3rd, 3., 3e or 3.º."""
        forms = _ORDINALS[self.locale.language]
        form = self.locale.ordinal_form(number)
        return forms.get(form, forms["other"]).format(number=self.number(number))

    def short_date(self, day: date) -> str:
        """A day and a month, as figures, in the language's order."""
        return format_skeleton("Md", day, locale=self.locale)

    def date(self, day: date) -> str:
        """A day, with the name of the month."""
        return format_date(day, "long", locale=self.locale)

    def list(self, items: Iterable[str]) -> str:
        """Items as people list them, with the word for "and" before the last."""
        return format_list(list(items), locale=self.locale)


def words_for(locale: discord.Locale | str | None) -> Words:
    """The words of a Discord locale, such as "es-419"; English where there is no catalogue."""
    return _words(str(locale))


def words_of(origin: discord.Interaction | discord.Message) -> Words:
    """The words of the person who used a command or a button, or of the server that a message was sent in."""
    if isinstance(origin, discord.Interaction):
        return words_for(origin.locale)
    return words_for(origin.guild.preferred_locale if origin.guild else None)


class CommandTranslator(app_commands.Translator):
    """Gives Discord the names and descriptions of the commands in every language that there is."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The translation of one name, description or choice, or None where it is the same as in English."""
        words = words_for(locale)
        typed = context.location in _NAMES and not isinstance(context.data, app_commands.ContextMenu)
        translation = words.name(string.message) if typed else words(string.message)
        return None if translation == string.message else translation


@cache
def _words(locale: str) -> Words:
    language = locale.partition("-")[0]
    if language in LANGUAGES:
        return Words(Locale.parse(locale, sep="-"), _catalogue(language))
    own_locale = Locale.parse(locale, sep="-") if language == "en" else Locale("en")
    return Words(own_locale, gettext.NullTranslations())


@cache
def _catalogue(language: str) -> gettext.GNUTranslations:
    buffer = io.BytesIO()
    source = resources.files("bot") / "locales" / f"{language}.po"
    with source.open("rb") as file:
        write_mo(buffer, read_po(file, locale=language))
    buffer.seek(0)
    return gettext.GNUTranslations(buffer)


def _fill(text: str, values: dict[str, object]) -> str:
    return text.format(**values) if values else text


ENGLISH = words_for("en")
