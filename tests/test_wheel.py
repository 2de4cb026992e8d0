"""An installed wheel is whole: it finds the catalog, the studies and the report's template."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {
    "optbench": "optbench", "problems": "optbench_problems", "claims": "optbench_claims",
    "results/baseline": "optbench_baseline",
}  # fmt: skip

ASK = """
import json
from importlib.resources import files

import optbench
from optbench.kernels.compiling import cache
from optbench.report.baseline import finding

found = optbench.problems()
value = optbench.problem("rosenbrock").value([-1.2, 1.0])
print(json.dumps({
    "package": optbench.__file__,
    "names": sorted(found),
    "places": sorted({definition.place for definition in found.values()}),
    "value": value,
    "shipped": cache.COUNTS["shipped"],
    "baseline": finding.find("baseline", "default").place,
    "beside": sorted(finding.find("baseline", "tuned").optimizers),
    "templates": [f.name for f in files("optbench").joinpath("report", "page", "html").iterdir()],
    "studies": [f.name for f in files("optbench").joinpath("study", "builtin").iterdir()],
}))
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


SHIP = """
import sys
from pathlib import Path

from optbench.kernels.compiling import shipped
from optbench.kernels.memory.floating import mode_setter

with shipped.recording():
    shipped.write(mode_setter(), Path(sys.argv[1]), by_level=False)
"""
"""Make bitcode of the one unit that takes no time; the folder holds what `make bitcode` made."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy of the tree: a `build` folder left in it could hold old files."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    bitcode = tree / "optbench" / "kernels" / "compiling" / "bitcode"
    run(
        sys.executable, "-c", SHIP, str(bitcode), cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "OPTBENCH_CACHE": "off"},
    )  # fmt: skip
    assert list(bitcode.glob("*.unit"))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", str(tree), "--no-deps", "--no-build-isolation", "-w", str(folder))
    (built,) = folder.glob("optbench-*.whl")
    return built


@pytest.fixture(scope="module")
def answer(wheel, tmp_path_factory):
    """What a Python elsewhere says that sees the installed wheel and not this tree."""
    site = tmp_path_factory.mktemp("site")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "install", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    environment = {
        **os.environ, "PYTHONPATH": str(site), "OPTBENCH_CACHE": "on",
        "OPTBENCH_CACHE_DIR": str(elsewhere / "cache"),
    }  # fmt: skip
    said = json.loads(run(sys.executable, "-c", ASK, cwd=elsewhere, env=environment))
    assert Path(said["package"]).is_relative_to(site)
    return {**said, "site": site}


def test_wheel_holds_every_file_of_the_packages(wheel):
    packed = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        (inside / path.relative_to(ROOT / folder)).as_posix()
        for folder, inside in ((name, Path(package)) for name, package in FOLDERS.items())
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected <= packed
    assert {name.split("/")[0] for name in packed if ".dist-info/" not in name} == {
        "optbench",
        "optbench_problems",
        "optbench_claims",
        "optbench_baseline",
    }


def test_wheel_declares_its_command(wheel):
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (n for n in packed.namelist() if n.endswith("entry_points.txt"))
        assert "optbench = optbench.cli.main:main" in packed.read(name).decode()


def test_installed_wheel_finds_the_whole_catalog(answer):
    import optbench

    assert answer["names"] == sorted(optbench.problems())
    assert {"rosenbrock", "noisy_quadratic", "digits_mlp"} <= set(answer["names"])
    assert answer["places"]
    for place in answer["places"]:
        assert Path(place).is_relative_to(answer["site"] / "optbench_problems")


def test_installed_wheel_evaluates_a_problem(answer):
    assert answer["value"] == pytest.approx(24.2, rel=1e-12)


def test_installed_wheel_uses_the_bitcode_that_it_contains(answer):
    assert answer["shipped"] >= 1


def test_installed_wheel_has_what_rules_are_judged_against(answer):
    assert Path(answer["baseline"]).is_relative_to(answer["site"] / "optbench_baseline")
    assert {"adam", "lion", "sgd"} <= set(answer["beside"])


def test_installed_wheel_has_studies_and_template(answer):
    assert {"quick.toml", "default.toml", "full.toml", "nets.toml"} <= set(answer["studies"])
    assert any(name.endswith(".j2") for name in answer["templates"])
    assert any(name.endswith(".css") for name in answer["templates"])
