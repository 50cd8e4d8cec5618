"""Write docs/reference/data-model.md and its pictures from the models."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path

import django
from django.apps import AppConfig, apps
from django.db import connection
from django.db.models import Field, ForeignKey, Model, UniqueConstraint

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "reference/data-model.md"
PICTURES = DOCS / "images"
BEGIN = "<!-- The rest is written by `make fmt` from the models. -->\n"
# What the first picture has: the models that all else hangs on.
CORE = (
    *("Source", "Thread", "Message", "Identity", "Member", "MemberMerge"),
    *("Credential", "GitHubApp", "GitHubInstallation", "GitHubRepository", "SyncStream", "SyncRun"),
    *("WebhookDelivery", "Change", "Follower", "Standing"),
)
# Nearly every model refers to these: the pictures leave that out.
EVERYWHERE = {"Workspace", "User"}

Reference = tuple[str, str]
_WIDTH, _GAP, _LINE, _HEAD, _MARGIN = 190, 90, 17, 26, 16


def files() -> dict[Path, str]:
    """Return the page and the pictures, each with its text."""
    ours = [app for app in apps.get_app_configs() if app.name.startswith("dexxy.")]
    with_models = [app for app in ours if any(app.get_models())]
    written = {PAGE: "".join(_page(with_models))}
    core = [model for app in ours for model in app.get_models() if model.__name__ in CORE]
    core.sort(key=lambda model: CORE.index(model.__name__))
    written[PICTURES / "data-model.svg"] = picture(core, without=EVERYWHERE)
    for app in with_models:
        models = list(app.get_models())
        elsewhere = EVERYWHERE - {model.__name__ for model in models}
        written[_picture_of(app)] = picture(models, without=elsewhere)
    return written


def _picture_of(app: AppConfig) -> Path:
    return PICTURES / f"data-model-{app.label}.svg"


def _page(ours: Sequence[AppConfig]) -> Iterator[str]:
    yield f"{PAGE.read_text(encoding='utf-8').partition(BEGIN)[0]}{BEGIN}"
    for app in ours:
        names = ", ".join(model.__name__ for model in app.get_models())
        yield f"\n## {app.label}\n\n![{names}](../images/{_picture_of(app).name})\n"
        for model in app.get_models():
            yield from _model(model)


def _model(model: type[Model]) -> Iterator[str]:
    meta = model._meta
    yield f"\n### {model.__name__}\n\n{_said(model)}\n\nTable `{meta.db_table}`.\n\n"
    yield "| column | type | refers to |\n|---|---|---|\n"
    for field in meta.concrete_fields:
        target = _target(field)
        to = f"[{target}](#{target.lower()})" if target else ""
        yield f"| `{field.column}` | {_type(field)} | {to} |\n"
    for names in _unique(model):
        yield f"\nUnique: {', '.join(f'`{name}`' for name in names)}.\n"


def _said(model: type[Model]) -> str:
    """Return what the model says of itself, as one paragraph; paths in it are no links."""
    text = cleandoc(model.__doc__ or "")
    return " ".join(re.sub(r"\s+", " ", text).replace("|", "\\|").split())


def _type(field: "Field[object, object]") -> str:
    kind = str(field.db_type(connection))
    return f"{kind}, may be null" if field.null else kind


def _target(field: "Field[object, object]") -> str:
    """Return the model of ours that a field refers to, or ''."""
    model = field.related_model if isinstance(field, ForeignKey) else None
    is_ours = isinstance(model, type) and model.__module__.startswith("dexxy.")
    return model.__name__ if is_ours and model is not None else ""


def _unique(model: type[Model]) -> Iterator[Sequence[str]]:
    for field in model._meta.concrete_fields:
        if field.unique and not field.primary_key:
            yield [str(field.column)]
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.fields:
            columns = {one.name: str(one.column) for one in model._meta.concrete_fields}
            yield [columns[name] for name in constraint.fields]


@dataclass
class Box:
    """A model in a picture, with the columns that refer to others there."""

    name: str
    references: Sequence[Reference]
    layer: int = 0
    x: int = 0
    y: int = 0

    @property
    def height(self) -> int:
        return _HEAD + _LINE * len(self.references) + (6 if self.references else 0)


def picture(models: Sequence[type[Model]], *, without: set[str]) -> str:
    """Draw models and what they refer to: each stands right of whatever it refers to."""
    boxes = _boxes(models, without)
    _place(boxes)
    width = max(box.x for box in boxes.values()) + _WIDTH + _MARGIN
    height = max(box.y + box.height for box in boxes.values()) + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
        *(line for box in boxes.values() for line in _arrows(box, boxes)),
        *(line for box in boxes.values() for line in _drawn(box)),
        "</svg>\n",
    ]
    return "\n".join(lines)


def _boxes(models: Sequence[type[Model]], without: set[str]) -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    for model in models:
        refers = [(one.name, _target(one)) for one in model._meta.concrete_fields]
        kept = [one for one in refers if one[1] and one[1] not in without]
        boxes[model.__name__] = Box(model.__name__, kept)
    others = sorted({to for box in boxes.values() for _, to in box.references} - set(boxes))
    return boxes | {name: Box(name, []) for name in others}


def _place(boxes: dict[str, Box]) -> None:
    """Give each box its layer, and in it a place near whatever it refers to."""
    for _ in boxes:  # as long as the longest way
        for box in boxes.values():
            others = [boxes[to].layer for _, to in box.references if to != box.name]
            box.layer = max([layer + 1 for layer in others], default=0)
    for layer in range(max(box.layer for box in boxes.values()) + 1):
        y = _MARGIN
        for box in sorted(_in(boxes, layer), key=lambda box: _middle(box, boxes)):
            box.x, box.y = _MARGIN + layer * (_WIDTH + _GAP), y
            y += box.height + 18


def _in(boxes: dict[str, Box], layer: int) -> Iterable[Box]:
    return [box for box in boxes.values() if box.layer == layer]


def _middle(box: Box, boxes: dict[str, Box]) -> float:
    heights = [boxes[to].y for _, to in box.references if to != box.name]
    return sum(heights) / len(heights) if heights else 0.0


def _arrows(box: Box, boxes: dict[str, Box]) -> Iterator[str]:
    for row, (_, to) in enumerate(box.references):
        if to == box.name:
            continue
        target = boxes[to]
        x, y = box.x, box.y + _HEAD + _LINE * row + 9
        end_x, end_y = target.x + _WIDTH, target.y + _HEAD // 2
        bend = _GAP // 2
        yield (
            f'<path d="M{x} {y} C{x - bend} {y} {end_x + bend} {end_y} {end_x} {end_y}" '
            'fill="none" stroke="#848b97"/>'
            f'<circle cx="{end_x}" cy="{end_y}" r="3" fill="#848b97"/>'
        )


def _drawn(box: Box) -> Iterator[str]:
    yield (
        f'<rect x="{box.x}" y="{box.y}" width="{_WIDTH}" height="{box.height}" rx="5" '
        'fill="#f6f6f8" stroke="#2b5bd7"/>'
    )
    yield (
        f'<text x="{box.x + 10}" y="{box.y + 17}" fill="#17191d" font-weight="bold">'
        f"{box.name}</text>"
    )
    for row, (name, to) in enumerate(box.references):
        y = box.y + _HEAD + _LINE * row + 13
        shown = f"{name} → {to}" if to == box.name else name
        yield f'<text x="{box.x + 10}" y="{y}" fill="#4f5661">{shown}</text>'


def main() -> None:
    """Write the page and the pictures anew."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dexxy.config.settings")
    django.setup()
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
