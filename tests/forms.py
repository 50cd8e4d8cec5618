"""The forms of pages, as a browser would send them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from time import time

from django.test import Client
from django.urls import resolve

from dexxy.accounts.models import User

# What a browser sends of a form, by the names of its fields.
Values = dict[str, list[str]]


@dataclass
class Form:
    """A form that is sent by POST.

    Args:
        action: where it is sent, if its button says nothing else.
        fields: what stands in it; a field that has nothing yet is there without values.
        required: the names of those that a browser does not send empty.
    """

    action: str
    fields: Values = field(default_factory=dict)
    required: set[str] = field(default_factory=set)


@dataclass
class Button:
    """A button that sends a form.

    Args:
        asks: it stands in what is to be opened first.
        look: its classes.
    """

    form: Form
    action: str
    name: str
    value: str
    look: set[str]
    asks: bool

    @property
    def path(self) -> str:
        return self.action.partition("?")[0].partition("#")[0]

    @property
    def url_name(self) -> str:
        return resolve(self.path).url_name or ""

    @property
    def does(self) -> str:
        """What it does: the name of the address, with the action in it and what it sends along."""
        found = resolve(self.path)
        # An id or a moment is another one each time.
        press = self.name if self.value[:1].isdigit() or self.value == "yes" else self.value
        asked = self.form.fields.get("do", [])
        parts = [found.url_name or "", str(found.kwargs.get("action", "")), press, *asked]
        return " ".join(part for part in parts if part)

    def sent(self, given: Mapping[str, str | list[str]]) -> Values:
        """Return what a browser sends, with GIVEN written into fields."""
        values = {name: list(of) for name, of in self.form.fields.items()}
        for name, value in given.items():
            values[name] = [value] if isinstance(value, str) else value
        for name in self.form.required - given.keys():
            assert any(values.get(name, [])), f"{self.does}: nothing is given for {name}"
        if self.name:
            values.setdefault(self.name, []).append(self.value)
        return values


# In which elements a page says something.
_SAY = ("div", "p", "section", "ul")


class Page(HTMLParser):
    """The buttons of a page that send forms, and what it says of what was done."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__()
        self.path = path
        self._forms: dict[str, Form] = {}
        self._form: Form | None = None
        self._asks = 0
        self._select: list[str] | None = None
        self._area: list[str] | None = None
        self._saying: list[list[str]] = []
        self._open: list[tuple[str, str]] = []
        self._later: list[tuple[str, Button]] = []
        self.buttons: list[Button] = []
        # With the role of each: `alert` of what went wrong.
        self.said: list[tuple[str, str]] = []
        self.feed(text)
        for form_id, button in self._later:
            if form_id in self._forms:
                button.form = self._forms[form_id]
                button.action = button.action or button.form.action
                self.buttons.append(button)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self._begin(given)
            case "details" if self._asks or "asks" in given.get("class", "").split():
                self._asks += 1
            case "button":
                self._button(given)
            case "input" | "select" | "textarea":
                self._field(tag, given)
            case "option" if self._select is not None:
                if "selected" in given or not self._select:
                    self._select[:] = [given.get("value", "")]
        if tag in _SAY:
            says = "alert" if "errorlist" in given.get("class", "") else given.get("role", "")
            says = says if says in ("alert", "status") and given.get("id") != "toasts" else ""
            self._open.append((tag, says))
            if says:
                self._saying.append([])

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._form = None
            case "details" if self._asks:
                self._asks -= 1
            case "select":
                self._select = None
            case "textarea":
                self._area = None
        while tag in _SAY and self._open:
            opened, says = self._open.pop()
            if says:
                self.said.append((says, " ".join(" ".join(self._saying.pop()).split())))
            if opened == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area[:] = [self._area[0] + data if self._area else data]
        if self._saying:
            self._saying[-1].append(data)

    def _begin(self, given: dict[str, str]) -> None:
        if given.get("method", "get").lower() != "post":
            self._form = None
            return
        action = given.get("action") or given.get("hx-post") or self.path
        self._form = Form(action)
        if "id" in given:
            self._forms[given["id"]] = self._form

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form, name = self._form, given.get("name", "")
        if "form" in given:
            form = self._forms.get(given["form"])
        if form is None or not name or "disabled" in given:
            return
        values = form.fields.setdefault(name, [])
        if tag == "select":
            self._select = values
        elif tag == "textarea":
            self._area = values
        elif given.get("type") in ("checkbox", "radio"):
            if "checked" in given:
                values.append(given.get("value", "on"))
            return
        elif given.get("type") != "file":
            values.append(given.get("value", ""))
        if "required" in given:
            form.required.add(name)

    def _button(self, given: dict[str, str]) -> None:
        if given.get("type", "submit") != "submit" or "disabled" in given:
            return
        name, value = given.get("name", ""), given.get("value", "")
        look, action = set(given.get("class", "").split()), given.get("formaction", "")
        if "form" in given:
            nowhere = Form("")
            button = Button(nowhere, action, name, value, look, asks=self._asks > 0)
            self._later.append((given["form"], button))
        elif self._form is not None:
            action = action or self._form.action
            asks = self._asks > 0
            self.buttons.append(Button(self._form, action, name, value, look, asks))


@dataclass
class Door:
    """A button, who presses it, and on which page."""

    viewer: User | None
    page: Page
    button: Button


def client_of(viewer: User | None) -> Client:
    """Return a browser in which VIEWER has just signed in, or nobody."""
    client = Client()
    if viewer is not None:
        client.force_login(viewer)
        session = client.session
        # As allauth notes it of who has typed their password.
        session["account_authentication_methods"] = [{"method": "password", "at": time()}]
        session["account_authentication_methods_user"] = str(viewer.pk)
        session.save()
    return client


def doors(opened: Iterable[tuple[User | None, Mapping[str, str]]]) -> Iterator[Door]:
    """Yield the buttons of pages that send a form to us.

    Args:
        opened: who opens which addresses, by their names.
    """
    for viewer, theirs in opened:
        client = client_of(viewer)
        for path in theirs.values():
            answer = client.get(path)
            if answer.get("Content-Type", "").startswith("text/html"):
                page = Page(path, answer.content.decode())
                yield from (
                    Door(viewer, page, one) for one in page.buttons if one.path.startswith("/")
                )
