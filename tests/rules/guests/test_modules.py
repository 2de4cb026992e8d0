"""Modules of the user's are imported again where they, or what they import, have changed."""

import importlib
import sys

import pytest

from optbench.rules.guests.modules import import_module, sources_of


@pytest.fixture
def folder(tmp_path):
    """Yield a folder of modules, which are forgotten afterwards."""
    before = {*sys.modules}
    yield tmp_path
    for name in {*sys.modules} - before:
        if name.startswith("edited"):
            del sys.modules[name]


def write(folder, **texts):
    for name, text in texts.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".py")
        path = path.with_name("__init__.py") if path.stem == "init" else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def value(name, *folders):
    module, digest = import_module(name, folders)
    return module.VALUE, digest


def test_what_was_edited_is_imported_again_and_what_was_not_is_not(folder):
    """Within a moment and of the same size: bytecode would not show it."""
    seen = []
    for number in "1123":
        write(folder, edited_one=f"VALUE = {number}\nclass Mine:\n    pass\n")
        module, digest = import_module("edited_one", [folder])
        seen.append((module.VALUE, module, digest))
    assert [value for value, *_ in seen] == [1, 1, 2, 3]
    assert seen[0][1:] == seen[1][1:] and len({digest for *_, digest in seen}) == 3
    assert seen[0][1].VALUE == 1 and seen[0][1].Mine is not module.Mine


@pytest.mark.parametrize(
    "text",
    ["import edited_helper\nVALUE = edited_helper.OWN", "from edited_helper import OWN as VALUE",
     "def lazily():\n    from edited_helper import OWN\n    return OWN\nVALUE = lazily()"],
)  # fmt: skip
def test_what_it_imports_counts_too(folder, text):
    write(folder, edited_two=text, edited_helper="OWN = 1")
    first = value("edited_two", folder)
    write(folder, edited_helper="OWN = 2", edited_other="")
    second = value("edited_two", folder)
    assert (first[0], second[0]) == (1, 2) and first[1] != second[1]
    assert value("edited_two", folder) == second


def test_packages_and_relative_imports_count(folder):
    write(
        folder, edited_package__init="from .inner.deep import VALUE",
        edited_package__inner__init="",
        edited_package__inner__deep="from ..near import VALUE",
        edited_package__near="VALUE = 1",
    )  # fmt: skip
    assert set(sources_of("edited_package", [str(folder)]).files) == {
        "edited_package", "edited_package.inner", "edited_package.inner.deep",
        "edited_package.near",
    }  # fmt: skip
    assert value("edited_package", folder)[0] == 1
    write(folder, edited_package__near="VALUE = 2")
    assert value("edited_package", folder)[0] == 2


def test_two_that_import_one_both_see_its_edit(folder):
    write(folder, edited_shared="VALUE = 1")
    names = ["edited_left", "edited_right"]
    for name in names:
        write(folder, **{name: "from edited_shared import VALUE"})
    assert [value(name, folder)[0] for name in names] == [1, 1]
    write(folder, edited_shared="VALUE = 2")
    assert [value(name, folder)[0] for name in names] == [2, 2]


def test_a_name_means_the_module_of_the_first_place(folder):
    for place, number in (("here", 1), ("there", 2)):
        write(folder / place, edited_placed=f"VALUE = {number}")
    both = [folder / "here", folder / "there"]
    assert value("edited_placed", *both)[0] == 1
    assert value("edited_placed", *reversed(both))[0] == 2
    assert value("edited_placed", *both)[0] == 1


def test_what_the_user_has_imported_is_imported_again_only_if_it_was_written_since(
    folder, monkeypatch
):
    import optbench.rules.guests.modules as modules

    write(folder, edited_by_hand="VALUE = 1")
    monkeypatch.syspath_prepend(folder)
    own = importlib.import_module("edited_by_hand")
    monkeypatch.setattr(modules, "_BEGAN", 2**62)
    assert import_module("edited_by_hand", [folder])[0] is own
    write(folder, edited_by_hand_too="VALUE = 1")
    own = importlib.import_module("edited_by_hand_too")
    monkeypatch.setattr(modules, "_BEGAN", 0)
    assert import_module("edited_by_hand_too", [folder])[0] is not own


def test_what_is_installed_is_no_source_of_the_users(folder):
    module, digest = import_module("json.decoder", [folder])
    assert module is importlib.import_module("json.decoder") and digest == ""


def test_the_package_itself_is_never_imported_again(folder):
    write(folder, optbench__init="VALUE = 1", edited_three="import optbench\nVALUE = 3")
    assert set(sources_of("edited_three", [str(folder)]).files) == {"edited_three"}


def test_a_module_that_was_mended_is_imported(folder):
    write(folder, edited_broken="VALUE = 1")
    assert value("edited_broken", folder)[0] == 1
    write(folder, edited_broken="VALUE = (")
    for _ in range(2):
        with pytest.raises(SyntaxError):
            import_module("edited_broken", [folder])
    write(folder, edited_broken="VALUE = 1")
    assert value("edited_broken", folder)[0] == 1


def test_folders_without_init_are_packages_too(folder):
    write(folder, edited_p__sub__one="VALUE = 1", edited_two="from edited_p.sub.one import VALUE")
    assert value("edited_p.sub.one", folder)[0] == value("edited_two", folder)[0] == 1
    write(folder, edited_p__sub__one="VALUE = 2")
    assert value("edited_p.sub.one", folder)[0] == value("edited_two", folder)[0] == 2


def test_a_module_is_the_same_from_wherever_it_is_imported(folder, monkeypatch):
    write(folder, edited_one="VALUE = 1", elsewhere__other="")
    here = value("edited_one", folder)
    monkeypatch.syspath_prepend(folder)
    assert value("edited_one", folder / "elsewhere") == here
    write(folder, **{"site-packages__edited_other": "VALUE = 2"})  # what is installed is not read
    monkeypatch.syspath_prepend(folder / "site-packages")
    assert value("edited_other", folder / "elsewhere") == (2, "")


def test_a_module_that_another_folder_has_brought_along_is_not_taken_for_this_one(folder):
    write(folder, a__edited_one="VALUE = 1", b__edited_one="VALUE = 2",
          b__edited_two="from edited_one import VALUE")  # fmt: skip
    asked = (("one", "a"), ("two", "b"), ("one", "a"), ("one", "b"))
    assert [value(f"edited_{name}", folder / own)[0] for name, own in asked] == [1, 2, 1, 2]
