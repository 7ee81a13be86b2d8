import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himapp.document.export_names import (
    DEFAULT_TEMPLATES,
    NameFields,
    check_template,
    clean_name,
    compare_key,
    fill_template,
)
from himapp.errors import ExportError

FIELDS = NameFields("wedding", "Åsa 人 / 1", 7, "2026-05-17", 1200, 800, "png")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{stem}-person-{index:02}", "wedding-person-07"),
        ("{person}", "Åsa 人 - 1"),
        ("{date} {w}×{h}", "2026-05-17 1200×800"),
        ("{index}{index:04}{w:6}", "70007  1200"),
        ("{stem}.{ext}", "wedding"),
        ("{stem} as {ext}", "wedding as png"),
        ("{{{stem}}}", "{wedding}"),
        ("a/b:c", "a-b-c"),
        ("  .. ", "untitled"),
    ],
)
def test_a_template_is_filled_in(template, name):
    assert fill_template(template, FIELDS) == name


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{name}", "unknown field {name}; known are {stem}, {person}"),
        ("{}", "unknown field {}"),
        ("{0}", "unknown field {0}"),
        ("{stem.__class__}", "unknown field"),
        ("{stem[0]}", "unknown field"),
        ("{stem!r}", "unknown field {stem!r}"),
        ("{stem", "single brace"),
        ("stem}", "single brace"),
        ("{stem:10}", "takes no “:10”"),
        ("{date:%Y}", "takes no “:%Y”"),
        ("{index:{w}}", "is no width"),
        ("{index:999}", "is no width"),
        ("{index:x}", "is no width"),
        ("{w:>9}", "is no width"),
    ],
)
def test_a_wrong_template_is_one_sentence(template, words):
    with pytest.raises(ExportError) as caught:
        check_template(template)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ExportError):
        fill_template(template, FIELDS)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("CON", "CON_"),
        ("con.tar", "con_.tar"),
        ("Lpt1", "Lpt1_"),
        ("COM¹ .x", "COM¹_ .x"),
        ("console", "console"),
        ("COM10", "COM10"),
        ("a\x00b\nc", "a-b-c"),
        ("ends with dots...  ", "ends with dots"),
        (".hidden", "hidden"),
        ('<>:"/\\|?*', "---------"),
        ("gnp.\u202ecod", "gnp.-cod"),
        ("cut \udce4", "cut -"),
        (unicodedata.normalize("NFD", "Åsa"), "Åsa"),
        ("👩‍👧", "👩‍👧"),
        ("", "untitled"),
    ],
)
def test_names_become_what_every_system_takes(name, clean):
    assert clean_name(name) == clean


@given(st.text())
def test_any_text_becomes_a_name_of_bounded_bytes(text):
    name = clean_name(text)
    assert 0 < len(name.encode("utf-8")) <= 241
    assert not set(name) & set('<>:"/\\|?*\x00')
    assert name == name.strip(" .")
    assert clean_name(name) == name


def test_long_names_are_cut_between_characters():
    name = clean_name("人" * 300)
    assert name == "人" * 80


def test_two_names_that_differ_in_case_or_form_are_one_file():
    assert compare_key("Åsa.PNG") == compare_key(unicodedata.normalize("NFD", "åSA.png"))
    assert compare_key("a") != compare_key("b")


@pytest.mark.parametrize("template", DEFAULT_TEMPLATES.values())
def test_the_templates_of_the_program_are_right(template):
    check_template(template)
