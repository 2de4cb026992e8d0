"""What arguments and options complete to: names, with settings in brackets, runs and studies."""

from collections.abc import Callable, Iterable
from pathlib import Path

from click import Context, Parameter
from click.shell_completion import CompletionItem

from optbench.cli.folders import OWN_CLAIMS, own_folder

Completer = Callable[[Context, Parameter, str], list[CompletionItem]]
RUNS = Path("results")


def of(*kinds: str) -> Completer:
    """Return what completes names of "optimizers", "problems" or "claims".

    A plus before the name stays. Behind a bracket or a comma comes a setting, unless its value is
    being written.
    """

    def complete(context: Context, parameter: Parameter, text: str) -> list[CompletionItem]:
        from optbench.cli import known_names

        plus, word = text[: text.startswith("+")], text.removeprefix("+")
        name, bracket, inside = word.partition("[")
        matches = list[str]()
        for kind in kinds:
            own = own_folder(OWN_CLAIMS) if kind == "claims" else own_folder()
            named = context.params.get("plugins") or ()
            known = known_names.names(kind, tuple(dict.fromkeys((*named, *own))))
            if not bracket:
                matches += [one for one in known if one.startswith(name)]
            elif "=" not in (start := inside.rpartition(",")[2]):
                before = word[: len(word) - len(start)]
                settings = known.get(name, ())
                matches += [f"{before}{one}=" for one in settings if one.startswith(start)]
        return [CompletionItem(plus + one) for one in matches]

    return complete


def studies(context: Context, parameter: Parameter, text: str) -> list[CompletionItem]:
    """Complete the name of a built-in study, "claims", or the path of a TOML file."""
    return _items([*_builtin(), "claims"], text) + _paths(text)


def runs(context: Context, parameter: Parameter, text: str) -> list[CompletionItem]:
    """Complete the name of a run below results, or the path of one."""
    return _items(_runs(), text) or _folders(text)


def pages(context: Context, parameter: Parameter, text: str) -> list[CompletionItem]:
    """Complete the same, runs of claims included."""
    of_claims = {path.parents[1].name for path in RUNS.glob("*/claims/*.json")}
    return _items(sorted({*_runs(), *of_claims}), text) or _folders(text)


def tags(context: Context, parameter: Parameter, text: str) -> list[CompletionItem]:
    """Complete a tag of problems."""
    from optbench.define.tags import TAGS

    return _items(TAGS, text)


def stored(context: Context, parameter: Parameter, text: str) -> list[CompletionItem]:
    """Complete what a study may be compared with: the baseline, or a run."""
    return _items(["baseline", *_runs()], text)


def checkable(context: Context, parameter: Parameter, text: str) -> list[CompletionItem]:
    """Complete what can be checked: an optimizer, a problem, or the file of a study."""
    return of("optimizers", "problems")(context, parameter, text) + _paths(text)


def _builtin() -> list[str]:
    folder = Path(__file__).resolve().parents[1] / "study" / "builtin"
    return sorted(path.stem for path in folder.glob("*.toml"))


def _runs() -> list[str]:
    return sorted(path.parent.name for path in RUNS.glob("*/run.sqlite"))


def _items(names: Iterable[str], text: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(text)]


def _paths(text: str) -> list[CompletionItem]:
    """Return TOML files that a text begins to name, and the folders on the way to others."""
    files = [CompletionItem(path) for path in _beginning(text) if path.endswith(".toml")]
    return files + (_folders(text) if "/" in text else [])


def _folders(text: str) -> list[CompletionItem]:
    return [CompletionItem(f"{path}/") for path in _beginning(text) if Path(path).is_dir()]


def _beginning(text: str) -> list[str]:
    """Return the paths that begin with a text, written as it is."""
    folder, slash, start = text.rpartition("/")
    found = sorted(path.name for path in Path(folder + slash or ".").glob("*"))
    return [f"{folder}{slash}{name}" for name in found if name.startswith(start)]
