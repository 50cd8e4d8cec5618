import pytest
from playwright.sync_api import Page, expect


@pytest.mark.browser
def test_chromium_shows_every_script(page: Page) -> None:
    page.set_content("<meta charset=utf-8><p>谢谢 ありがとう 고마워 cảm ơn</p>")

    expect(page.get_by_role("paragraph")).to_have_text("谢谢 ありがとう 고마워 cảm ơn")
