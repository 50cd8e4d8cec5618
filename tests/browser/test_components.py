"""Each component, in both schemes and narrow: nothing sticks out, axe finds nothing. What they look
like is on /_components/, which exists while debugging."""

import pytest
from django.urls import include, path
from playwright.sync_api import Page

from dexxy.config.urls import urlpatterns as product
from dexxy.web.frame.components import components
from tests.browser.looks import Look, complaints, look, page_of_alice

__all__ = ["look", "page_of_alice"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls(__name__),
]

# As the addresses are while debugging.
urlpatterns = [path("_components/", components), path("", include(product))]


def test_each_component_fits_and_is_accessible(page_of_alice: Page, look: Look) -> None:
    assert complaints(page_of_alice, "/_components/", look) == []
