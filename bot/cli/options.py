"""The options and arguments of several commands, and what their help says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEBUG_HELP = "Show what happens inside, and the traceback of an error."
JSON_HELP = "Print one JSON object, in UTF-8."
QUESTIONS_HELP = (
    "JSON lines with `question`, `evidence` (parts of the article word for word; none where it does not "
    "say) and, if you like, `short` (the short answer, or a list of them); or SQuAD 1.1 or 2.0 JSON, which "
    "brings its own articles."
)
POOLED_HELP = "Ask each question of all the file's articles as one."
FOREIGN_HELP = "Ask each question of another article as well, which should not answer."
CONVERSATIONS_HELP = (
    "The file holds conversations: JSON lines with `first`, `question` and `evidence`. Ask each question "
    "after the first one, and by itself."
)
CLAIMS_HELP = (
    "The file holds claims: JSON lines with `claim` or `question` (for yes or no), `label` (yes, no or "
    "unknown) and `evidence`. Check each."
)
COMPARE_HELP = (
    "Measure something else beside it. plain: a plain dense search, one vector a passage, one a sentence. "
    "rules: Footnote without its reader."
)
PLOT_HELP = (
    "Draw how often Footnote is wrong, by how much it answers, into this file (.svg, .png or .pdf). Needs "
    "the extra `plot`."
)
ARTICLE_HELP = "Id of an article, or `all` for the best answer of all. Without: the one in use."
ONE_ARTICLE_HELP = "Id of an article. Without: the one in use."
SOURCE_HELP = (
    "A file (text, Markdown, HTML, PDF, DOCX or EPUB) or a web address that starts with http:// or https://."
)
ID_HELP = "Id of an article, as `footnote library list` shows it."
OWN_QUESTIONS_HELP = (
    "A file of questions with their evidence, as JSON lines. The article is not put in place where too few "
    "of them are answered rightly."
)
FORCE_HELP = "Put it in place even if too few of its questions are answered rightly."
SHARDS_HELP = (
    "Which shards this process serves: the first, the last and how many there are, as 0-3/16 (counted from "
    "0), or `all`, as many as Discord advises."
)
SERVER_HELP = "Work on the library of this Discord server, by the server's id."

ShardsOption = Annotated[str, typer.Option(metavar="FIRST-LAST/COUNT", help=SHARDS_HELP)]
ServerOption = Annotated[int | None, typer.Option(min=1, help=SERVER_HELP, show_default=False)]
ArticleOption = Annotated[str | None, typer.Option(help=ARTICLE_HELP, show_default=False)]
OneArticleOption = Annotated[str | None, typer.Option(help=ONE_ARTICLE_HELP, show_default=False)]
ForceOption = Annotated[bool, typer.Option("--force", help=FORCE_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help=JSON_HELP)]
IdArgument = Annotated[str, typer.Argument(help=ID_HELP, show_default=False)]
OptionalIdArgument = Annotated[str | None, typer.Argument(metavar="[ID]", help=ID_HELP, show_default=False)]
OwnQuestionsOption = Annotated[Path | None, typer.Option(help=OWN_QUESTIONS_HELP, show_default=False)]
