"""Where a view that was kept leads."""

from django.urls import reverse

from dexxy.accounts.models import ListPage, SavedView, Workspace


def address_of(view: SavedView, workspace: Workspace) -> str:
    """Return the address of VIEW: its filters and order, and which view they are."""
    query = f"{view.query}&view={view.pk}".lstrip("&")
    return f"{address_of_page(ListPage(view.page), workspace)}?{query}"


def address_of_page(page: ListPage, workspace: Workspace) -> str:
    """Return the address of a page as it is without any view."""
    return reverse(page.value, args=[workspace.slug])
