"""Everything of a workspace as a file, for programs."""

from collections.abc import Callable

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dexxy.accounts.selectors import AdminOnlyError, UnauthenticatedError, workspace_for
from dexxy.accounts.views import View, api_caller, caller_of
from dexxy.common.api import MOST_POINTS, BudgetSpentError, refusal, spend
from dexxy.common.errors import BadInputError, DexxyError, NotFoundError
from dexxy.common.valkey import Seats
from dexxy.kept.pieces import OutOfRangeError, Part, Pieces, part_asked
from dexxy.people.export_keeping import (
    ExportFailedError,
    TooManyExportsError,
    export_file_for,
    export_is_fresh,
    export_latest,
    export_request,
)
from dexxy.people.export_making import PIECE, export_kept
from dexxy.people.export_selection import Selection
from dexxy.people.models import Export, ExportFile, Format

# Seconds after which to look again.
_LOOK_AGAIN = 2
# Points of a download, or of a part of one.
_DOWNLOAD_POINTS = 50
# Of a person at a time. One whose client did not take a piece in so many seconds is not counted.
MOST_DOWNLOADS = 3
_DOWNLOADS = Seats("downloads", most=MOST_DOWNLOADS, seconds=300)


class TooManyDownloadsError(DexxyError):
    """A person downloads as much at once as a person may."""

    code = "rate_limited"
    retryable = True


class FromElsewhereError(DexxyError):
    """A link of another site would begin an export."""

    code = "from_elsewhere"


_STATUS: dict[type[DexxyError], int] = {
    UnauthenticatedError: 401,
    AdminOnlyError: 403,
    FromElsewhereError: 403,
    NotFoundError: 404,
    BudgetSpentError: 429,
    TooManyExportsError: 429,
    TooManyDownloadsError: 429,
    BadInputError: 400,
}
Choose = Callable[[Export, QueryDict], Selection]


class NoSuchExportError(NotFoundError):
    """Nothing of that name is exported, or not in that format."""


def kind_of_export(what: str, form: str) -> tuple[Export, Format]:
    """Read what an address names.

    Raises:
        NoSuchExportError: it names nothing that there is.
    """
    if what not in Export.values or form not in Export(what).forms:
        raise NoSuchExportError(_("There is no such export."))
    return Export(what), Format(form)


def wants_bom(request: HttpRequest, form: Format) -> bool:
    """Say whether a CSV file is to begin with a byte order mark."""
    return form == Format.CSV and request.GET.get("bom") == "1"


def _answered(view: View) -> View:
    def answered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except tuple(_STATUS) as error:
            status = next(_STATUS[kind] for kind in _STATUS if isinstance(error, kind))
            return refusal(str(error), error.code.upper(), status)

    return api_caller(answered)


@require_http_methods(["GET", "HEAD", "POST"])
@_answered
def workspace_export(
    request: HttpRequest, workspace_id: int, what: str, form: str, choose: Choose
) -> HttpResponseBase:
    """Lead to an export; ask for it where there is none of now, or where this is a POST.

    Args:
        choose: reads which rows the address asks for.
    """
    workspace = workspace_for(request.user, workspace_id)
    kind = kind_of_export(what, form)
    with_bom = wants_bom(request, kind[1])
    chosen = choose(kind[0], request.GET)
    export = export_latest(request.user, workspace, *kind, with_bom=with_bom, selection=chosen)
    if request.method != "POST" and export is not None and export_is_fresh(export):
        return _at_its_address(export)
    # Whoever follows it takes one of few turns. https://www.w3.org/TR/fetch-metadata/
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise FromElsewhereError(
            _("A link of another site begins no export: ask for it under Settings > Data.")
        )
    # However much there is, it is as dear as the dearest document.
    limits = _spent(request, MOST_POINTS)
    export = export_request(
        viewer=request.user,
        workspace=workspace,
        what=kind[0],
        form=kind[1],
        with_bom=with_bom,
        selection=chosen,
    )
    answer = _unfinished(export)
    for name, value in limits.items():
        answer[name] = value
    return answer


@require_http_methods(["GET", "HEAD"])
@_answered
def export_file(request: HttpRequest, workspace_id: int, pk: int) -> HttpResponseBase:
    """Answer with an export; or, as long as it is being made, with how far that is."""
    workspace = workspace_for(request.user, workspace_id)
    export = export_file_for(request.user, workspace, pk)
    if export.is_unfinished:
        return _unfinished(export)
    if not export.is_ready:
        message = "The export could not be made: ask for a new one. The log says why."
        return refusal(message, ExportFailedError.code.upper(), 500)
    return _download(request, export)


def _download(request: HttpRequest, export: ExportFile) -> HttpResponseBase:
    """Send an export, or the part that is asked for, as fast as its client reads."""
    kept, tag = export_kept(export), f'"{export.pk}-{export.size}"'
    # Of one that was made before the sizes of pieces were noted nobody knows where a part begins.
    has_parts = sum(size for _, size in kept) == export.size
    part = None
    try:
        if has_parts and request.headers.get("If-Range", tag) == tag:
            part = part_asked(request.headers.get("Range", ""), export.size)
    except OutOfRangeError:
        answer = refusal(_("There are no such bytes."), "OUT_OF_RANGE", 416)
        answer["Content-Range"] = f"bytes */{export.size}"
        return answer
    sent, limits = part or Part(0, export.size), _spent(request, _DOWNLOAD_POINTS)
    seat = _DOWNLOADS.take(caller_of(request).key)
    if seat is None:
        text = _("{most} of your downloads are not over yet: wait for one of them.")
        raise TooManyDownloadsError(text.format(most=MOST_DOWNLOADS))
    file = Pieces(kept, sent, before=seat.keep, after=seat.leave)
    response = FileResponse(file, content_type=export.content_type, headers=limits)
    response.block_size = PIECE
    response["Content-Disposition"] = f'attachment; filename="{export.file_name}"'
    response["Content-Length"] = str(sent.length)
    response["ETag"] = tag
    if has_parts:
        response["Accept-Ranges"] = "bytes"
    if part:
        response.status_code = 206
        last = part.first + part.length - 1
        response["Content-Range"] = f"bytes {part.first}-{last}/{export.size}"
    return response


def _spent(request: HttpRequest, points: int) -> dict[str, str]:
    """Count POINTS against the minute of who asks; return the headers that tell what is left.

    Raises:
        BudgetSpentError: nothing is.
    """
    told = HttpResponse()
    spend(caller_of(request), points, told)
    return {name: value for name, value in told.items() if name.startswith("RateLimit")}


def _at_its_address(export: ExportFile) -> HttpResponseBase:
    return redirect(_address(export)) if export.is_ready else _unfinished(export)


def _unfinished(export: ExportFile) -> HttpResponseBase:
    response = JsonResponse(
        {
            "state": export.state,
            "rowsDone": export.rows_done,
            "rowsExpected": export.rows_expected,
        },
        status=202,
    )
    response["Location"] = _address(export)
    response["Retry-After"] = str(_LOOK_AGAIN)
    return response


def _address(export: ExportFile) -> str:
    return reverse("export_file", args=[export.workspace_id, export.pk])
