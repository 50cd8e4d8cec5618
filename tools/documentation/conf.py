"""What Sphinx is to do with the pages."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import dexxy

project = "Dexxy"
version = release = dexxy.__version__
extensions = ["myst_parser"]
root_doc = "index"
source_suffix = {".md": "markdown"}
# The anchors of headings are those of GitHub, where the pages are read, too.
myst_heading_anchors = 6
myst_enable_extensions = ["strikethrough", "tasklist"]
# Of some languages in fences Pygments knows nothing: they stay as they are.
suppress_warnings = ["misc.highlighting_failure"]
highlight_language = "none"
html_theme = "dexxy"
html_theme_path = [str(Path(__file__).resolve().parent)]
html_copy_source = False
html_use_index = False
html_title = "Dexxy"
html_permalinks_icon = "#"


def scrolling(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: object
) -> None:
    """Let what scrolls where it is too wide be reached by the keyboard."""
    body = context.get("body", "").replace("<pre>", '<pre tabindex="0">')
    context["body"] = body.replace("<table ", '<table tabindex="0" ')


def setup(app: Sphinx) -> None:
    """Add what no setting says."""
    app.connect("html-page-context", scrolling)
