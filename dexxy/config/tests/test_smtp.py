import pytest

from dexxy.config.env import SettingError
from dexxy.config.smtp import MailSettings, mail_from, mail_settings


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("", MailSettings()),
        ("smtp://mail.example.com", MailSettings("mail.example.com", 25)),
        ("smtps://[fd00::5]/", MailSettings("fd00::5", 465, has_tls=True)),
        (
            "smtp+starttls://me%40x.example:p%3A%2Fw@mail.example.com:2525",
            MailSettings("mail.example.com", 2525, "me@x.example", "p:/w", has_starttls=True),
        ),
    ],
)
def test_an_address_says_how_the_server_is_spoken_to(
    url: str, settings: MailSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEXXY_SMTP_URL", url)

    assert mail_settings() == settings


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "https://user:geheim@mail.example.com",
        "smtp://user:geheim@:25",
        "smtp://user:geheim@mail.example.com:x",
        "smtp://user:geheim@mail.example.com/path",
    ],
)
def test_what_is_no_address_of_a_mail_server_is_refused_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEXXY_SMTP_URL", url)

    with pytest.raises(SettingError) as refused:
        mail_settings()

    assert str(refused.value).startswith("DEXXY_SMTP_URL is not an address such as ")
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("value", ["dexxy", "Dexxy <dexxy>", "a@b.example\nBcc: c@d.example"])
def test_mails_need_an_address_that_they_are_from(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEXXY_MAIL_FROM", value)
    with pytest.raises(SettingError):
        mail_from(is_needed=False)

    monkeypatch.delenv("DEXXY_MAIL_FROM")
    assert mail_from(is_needed=False) == ""
    with pytest.raises(SettingError):
        mail_from(is_needed=True)


def test_the_address_of_a_file_is_read(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path_factory.mktemp("secrets") / "smtp"
    path.write_text("smtp://mail.example.com:26\n")
    monkeypatch.setenv("DEXXY_SMTP_URL_FILE", str(path))

    assert mail_settings().port == 26
