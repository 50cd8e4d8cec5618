"""Spellings of one name become equal, those of two do not."""

import pytest

from dexxy.members.merges import folding


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Xiaoming Li", "李小明"),
        ("Sergey Popov", "Сергей Попов"),
        ("Łukasz Wójcik", "lukasz wojcik"),
        ("García, José", "Jose Garcia"),
        ("さとうゆき", "Yuki Sato-u"),
        ("O'Brien", "OBrien"),
    ],
)
def test_a_name_has_the_same_letters_in_any_script_and_order(first: str, second: str) -> None:
    assert folding.letters(folding.words(first)) == folding.letters(folding.words(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Jürgen Schröder", "Juergen Schroeder"),
        ("Sergei Tsvetaev", "Serguei Cvetaev"),
        ("Mohammed Hasan", "Muhamad Hassan"),
        ("Evgeny Yakovlev", "Yevgeny Iakovlev"),
    ],
)
def test_transliterations_of_a_name_sound_alike(first: str, second: str) -> None:
    assert folding.sounds(folding.words(first)) == folding.sounds(folding.words(second))


def test_other_names_have_other_letters_and_sounds() -> None:
    ada, ida = folding.words("Ada Lovelace"), folding.words("Ida Loveless")

    assert folding.letters(ada) != folding.letters(ida)
    assert folding.sounds(ada) != folding.sounds(ida)


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("Ada-Lovelace", "adalovelace"),
        ("adalovelace86", "adalovelace"),
        ("_ada.lovelace-dev", "adalovelace"),
        ("therealada", "realada"),
        ("42", ""),
    ],
)
def test_a_username_is_stripped_of_what_fills_it(text: str, stem: str) -> None:
    assert folding.stem(text) == stem


@pytest.mark.parametrize("other", ["lovelce", "loveelace", "lovelaze", "lovelaec"])
def test_one_slip_is_one_character_left_out_added_wrong_or_swapped(other: str) -> None:
    assert folding.is_one_slip("lovelace", other)
    assert folding.is_one_slip(other, "lovelace")


@pytest.mark.parametrize("other", ["lovelace", "lovalica", "love", "", "lvoelaec"])
def test_none_and_two_slips_are_not_one(other: str) -> None:
    assert not folding.is_one_slip("lovelace", other)


def test_an_absurd_name_is_folded_in_no_time_and_space() -> None:
    assert len("".join(folding.words("é" * 10_000_000))) == 200
