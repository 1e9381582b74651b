"""What an admin asks to be changed, as data that any worker can take up; what came of it, as data again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.service.answers import LABELS
from index import (
    FootnoteError,
    IndexInfo,
    Job,
    Library,
    LibraryError,
    Limits,
    Origin,
    PassageCounts,
    Progress,
    ReindexReport,
    Source,
    SourceKind,
    Stage,
    WrittenAnswer,
    fetch,
    upload,
)

log = logging.getLogger(__name__)

OnProgress = Callable[[Progress], None]


class UnforeseenError(FootnoteError):
    """A change came to an end that nobody has foreseen; the log of who made it says which."""

    for_operator = True


@dataclass(frozen=True, slots=True)
class ChangeOutcome:
    """What a change did to an article; whether that is new, and whether it is in use where this was asked.

    What came from a job has neither the article's text nor its passages.
    """

    report: ReindexReport
    added: bool
    in_use: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """What is to be changed.

    Attributes:
        server: The server whose library it is; None for the common one.
        starter: Who asks, as Discord knows them,
        who: and as the history shall.
        adds: Whether the article has to be a new one.
        article: Its id; None for the one in use or, where there is a source, for what its title makes.
        channel: Where it is asked for, which may have an article of its own in use.
        force: Publish it whatever its own questions say.
        address: Where on the web it is read from.
        media_type: What its site says it is, where it goes with the request, having been read already.
        file_name: The name of the file that it is read from, which goes with the request.
        answer: What an admin has answered, which is all that is to be changed; where it is a passage of
            ``article``,
        evidence: the sentences of that.
        log_id: What the log knows the request by, in each process that works for it.
    """

    server: int | None
    starter: int
    who: str
    adds: bool = False
    article: str | None = None
    channel: str | None = None
    force: bool = False
    address: str | None = None
    media_type: str | None = None
    file_name: str | None = None
    answer: WrittenAnswer | None = None
    evidence: tuple[str, ...] = ()
    log_id: str | None = None

    @property
    def library(self) -> str:
        """The name of the library; "" for the common one."""
        return "" if self.server is None else str(self.server)


_REQUEST = TypeAdapter(ChangeRequest)


def request_json(request: ChangeRequest) -> dict[str, Any]:
    """A request as a job keeps it."""
    plain: dict[str, Any] = _REQUEST.dump_python(request, mode="json")
    return plain


def request_of(plain: dict[str, Any]) -> ChangeRequest:
    """The request of a job."""
    return _REQUEST.validate_python(plain)


def make_change(common: Library, job: Job, limits: Limits, on_progress: OnProgress) -> ChangeOutcome:
    """Makes the change that a job asks for, unless one that had it before has made it already.

    Args:
        common: The common library.
        job: As it was taken.
        limits: What a source may cost.
        on_progress: Told how far it is; may raise to call it off.

    Raises:
        FootnoteError: nothing was changed.
    """
    request = request_of(job.request)
    library = common.branch(job.server) if job.server else common
    if job.publication is not None:
        counts, article = job.publication.detail, job.publication.article
        assert isinstance(counts, PassageCounts)  # noqa: S101 - told to the type checker: it was published
        info = library.info(article)
        report = ReindexReport(info, counts.kept, counts.added, counts.removed, 0.0)
        return ChangeOutcome(
            report, job.publication.action == "added", library.in_use(request.channel) == article
        )
    on_progress(Progress(Stage.READ, 0, 1))
    if request.answer is not None:
        report, added = _answered(library, request, request.answer, job.lease, on_progress)
    else:
        report, added = _made(library, request, _source(request, job, limits), job.lease, on_progress)
    return ChangeOutcome(report, added, library.in_use(request.channel) == report.info.article.id)


def _source(request: ChangeRequest, job: Job, limits: Limits) -> Source | None:
    if request.file_name is not None:
        return upload(request.file_name, job.content or b"", questions=job.questions)
    if request.address is not None and job.content is not None:
        origin = Origin(SourceKind.WEB, request.address, request.media_type)
        return Source(origin, job.content, questions=job.questions)
    if request.address is not None:
        return replace(fetch(request.address, limits), questions=job.questions)
    return None


def _answered(
    library: Library, request: ChangeRequest, answer: WrittenAnswer, lease: str, on_progress: OnProgress
) -> tuple[ReindexReport, bool]:
    """The report of what the admins have answered; whether that article is new.

    A passage that was chosen is asked of its own article, too, at each reindex. Where that cannot be, since
    the article is everyone's or finds something else first, the article of what was answered asks it alone.
    """
    answers, who = library.admin_answers, request.who
    report, added = answers.add(answer, LABELS, who=who, lease=lease, on_progress=on_progress)
    if request.evidence and request.article is not None:
        try:
            answers.add_own_question(request.article, answer.question, request.evidence, who=who)
        except FootnoteError as error:
            log.info("A chosen passage is no question of its own article: %s", error.message)
    return report, added


def _made(
    library: Library, request: ChangeRequest, source: Source | None, lease: str, on_progress: OnProgress
) -> tuple[ReindexReport, bool]:
    """The report of a change, and whether it added an article."""
    who, force, there = request.who, request.force, request.article
    if source is not None and (request.adds or there is None):
        try:
            report = library.add(source, who=who, id=there, force=force, lease=lease, on_progress=on_progress)
        except LibraryError as error:  # it may be here already, under the id that it would get
            id_ = error.values.get("id")
            there = next((e.id for e in library.entries() if e.own and e.id == id_), None)
            if request.adds or there is None:
                raise
        else:
            return report, True
    report = library.reindex(
        there,
        who=who,
        source=source,
        place=request.channel,
        force=force,
        lease=lease,
        on_progress=on_progress,
    )
    return report, False


class _StoredError(BaseModel):
    """An error; ``more`` are the attributes that its kind has besides."""

    kind: str
    message: str
    values: dict[str, Any]
    more: dict[str, Any]

    @classmethod
    def of(cls, error: FootnoteError) -> Self:
        more = {name: value for name, value in vars(error).items() if name not in ("message", "values")}
        values = {name: _plain(value) for name, value in error.values.items()}
        return cls(kind=type(error).__name__, message=error.message, values=values, more=more)

    def error(self) -> FootnoteError:
        kind = {kind.__name__: kind for kind in _kinds(FootnoteError)}.get(self.kind, UnforeseenError)
        error = kind.__new__(kind)
        FootnoteError.__init__(error, self.message, **self.values)
        vars(error).update({name: tuple(v) if isinstance(v, list) else v for name, v in self.more.items()})
        return error


class _StoredOutcome(BaseModel):
    """What came of a change: a report or an error. What the questions had is beside the report."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    report: ReindexReport | None = None
    added: bool = False
    in_use: bool = False
    error: _StoredError | None = None


def outcome_json(outcome: ChangeOutcome | FootnoteError) -> dict[str, Any]:
    """What came of a change, as a job keeps it."""
    if isinstance(outcome, FootnoteError):
        return _StoredOutcome(error=_StoredError.of(outcome)).model_dump(mode="json")
    report, problem = outcome.report, outcome.report.unread_questions
    return _StoredOutcome(
        report=replace(report, info=_brief(report.info), unread_questions=None),
        added=outcome.added,
        in_use=outcome.in_use,
        error=None if problem is None else _StoredError.of(problem),
    ).model_dump(mode="json")


def outcome_of(plain: dict[str, Any]) -> ChangeOutcome:
    """What came of a job.

    Raises:
        FootnoteError: what its worker met.
    """
    outcome = _StoredOutcome.model_validate(plain)
    error = outcome.error.error() if outcome.error else None
    if outcome.report is None:
        raise error or UnforeseenError("Nothing came of the change.")
    return ChangeOutcome(replace(outcome.report, unread_questions=error), outcome.added, outcome.in_use)


def _brief(info: IndexInfo) -> IndexInfo:
    return replace(info, article=replace(info.article, text="", headings=(), sentences=None), passages=())


def _kinds(kind: type[FootnoteError]) -> Iterator[type[FootnoteError]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _kinds(one)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, str | int | float) else str(value)
