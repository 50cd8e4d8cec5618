"""The page about the tables, and its pictures, are drawn from the models."""

import re

from django.apps import apps

from tools import data_model


def test_the_page_and_its_pictures_are_what_the_models_say() -> None:
    for path, text in data_model.files().items():
        assert path.read_text("utf-8") == text, f"{path.name}: run make fmt and review the diff"


def test_every_model_of_ours_has_a_section_and_says_what_it_is() -> None:
    page = data_model.PAGE.read_text("utf-8")
    sections = dict(re.findall(r"^### (\w+)\n\n(.*)\n", page, flags=re.MULTILINE))

    ours = {model.__name__ for model in apps.get_models() if model.__module__.startswith("dexxy.")}
    assert set(sections) == ours
    assert [name for name, said in sections.items() if said.startswith(f"{name}(")] == []


def test_in_a_picture_each_model_stands_right_of_what_it_refers_to() -> None:
    models = [model for model in apps.get_models() if model.__name__ in data_model.CORE]
    boxes = data_model._boxes(models, data_model.EVERYWHERE)

    data_model._place(boxes)

    for box in boxes.values():
        for _, to in box.references:
            assert to == box.name or boxes[to].x < box.x
    assert boxes["Message"].x > boxes["Thread"].x > boxes["Source"].x
