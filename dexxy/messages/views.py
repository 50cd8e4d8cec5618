"""Everything of a workspace as a download."""

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from dexxy.accounts.selectors import UnauthenticatedError, workspace_for
from dexxy.accounts.views import api_caller
from dexxy.common.errors import NotFoundError
from dexxy.common.graphql_view import refusal
from dexxy.messages.exports import Export, Format, export


@api_caller
@require_GET
def workspace_export(
    request: HttpRequest, workspace_id: int, what: str, form: str
) -> HttpResponseBase:
    """Stream what a workspace has, to who may see it: by session or by bearer token."""
    try:
        workspace = workspace_for(request.user, workspace_id)
        pieces = export(request.user, workspace, Export(what), Format(form))
    except UnauthenticatedError as error:
        return refusal(str(error), error.code.upper(), 401)
    except NotFoundError as error:
        return refusal(str(error), error.code.upper(), 404)
    except ValueError:
        return refusal("There is no such export.", "NOT_FOUND", 404)
    response = StreamingHttpResponse(
        pieces, content_type=f"{Format(form).content_type}; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{workspace.slug}-{what}.{form}"'
    return response
