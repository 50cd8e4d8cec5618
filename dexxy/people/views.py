"""Everything of a workspace as a download."""

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from dexxy.accounts.selectors import UnauthenticatedError, workspace_for
from dexxy.accounts.views import api_caller, caller_of
from dexxy.common.api import MOST_POINTS, BudgetSpentError, refusal, spend
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.people.exports import Export, Format, export

_STATUS: dict[type[DexxyError], int] = {
    UnauthenticatedError: 401,
    NotFoundError: 404,
    BudgetSpentError: 429,
}


class ExportNotFoundError(NotFoundError):
    """Nothing of that name is exported, or not in that format."""


@api_caller
@require_GET
def workspace_export(
    request: HttpRequest, workspace_id: int, what: str, form: str
) -> HttpResponseBase:
    """Stream what a workspace has, to who may see it: by session or by bearer token."""
    try:
        return _streamed(request, workspace_id, what, form)
    except tuple(_STATUS) as error:
        status = next(_STATUS[kind] for kind in _STATUS if isinstance(error, kind))
        return refusal(str(error), error.code.upper(), status)


def _streamed(
    request: HttpRequest, workspace_id: int, what: str, form: str
) -> StreamingHttpResponse:
    workspace = workspace_for(request.user, workspace_id)
    if what not in Export.values or form not in Format.values:
        raise ExportNotFoundError("There is no such export.")
    pieces = export(request.user, workspace, Export(what), Format(form))
    content_type = f"{Format(form).content_type}; charset=utf-8"
    response = StreamingHttpResponse(pieces, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{workspace.slug}-{what}.{form}"'
    # However much there is, it is as dear as the dearest document.
    spend(caller_of(request), MOST_POINTS, response)
    return response
