"""The gallery of optimizers: a page a family, and pages of wrappers and of schedules."""

import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import optbench.rules
from docs.pages import markdown, schedule_pictures, sources, trajectories
from docs.pages.markdown import cell, table
from optbench.cli.lists import hyperparameters
from optbench.define.definitions import Part, Rule
from optbench.define.ranges import Allowed
from optbench.report import conformance
from optbench.rules import registry
from optbench.rules.other_names import OTHER_NAMES
from optbench.rules.schedules import SCHEDULES, Schedule
from optbench.rules.wrappers_before import WRAPPERS

FOLDER = "catalog/optimizers"
RULES = Path(optbench.rules.__file__).parent

INTRODUCTION = """All {count} update rules by family, in order of complexity. A page of a family has
of each rule its formula as it is compiled, where it is from, its hyperparameters and where they are
searched, what it is proven against, and its trajectory over three surfaces. What can be put around
any rule: {{doc}}`wrappers` and {{doc}}`schedules`. Which names of other libraries are settings of
these rules, and what is left out and why: {{doc}}`/optimizers`."""

PICTURES = """The pictures show {steps} steps at the best of {rates} learning rates from {low:g} to
{high:g}; all other settings have their defaults. The white dot is the start, the other one the end,
the cross a minimum. The surfaces: {surfaces}."""

FACTS = {
    "layerwise": "Sums go over each layer by itself.",
    "matrix": "Sees whole tensors: for nets and surfaces of matrices. In the pictures x is a "
    "matrix of one column.",
    "full_batch": "Takes the full batch on data problems; not run where gradients are noisy.",
    "stochastic_only": "Not run where gradients are exact, where it is `gd`; the gradients behind "
    "the pictures are noisy.",
    "surfaces_only": "Not run on nets.",
    "after": "Acts on the point that the rule gives.",
}


def pages() -> dict[str, str]:
    """Return the gallery's pages by path below docs."""
    families = _families()
    written = {f"{FOLDER}/index.md": _index(families)}
    for family, rules in families.items():
        written[f"{FOLDER}/{family}.md"] = _family(family, rules)
    written[f"{FOLDER}/wrappers.md"] = _wrappers()
    written[f"{FOLDER}/schedules.md"] = _schedules()
    return written


def pictures() -> dict[str, str]:
    """Return the pictures on these pages, as SVG by path below docs."""
    ways = {
        f"{FOLDER}/{_picture(rule, surface)}": picture
        for rule in registry.optimizers().values()
        for surface, picture in trajectories.pictures(rule).items()
    }
    return ways | {
        f"{FOLDER}/{_schedule_picture(name)}": picture
        for name, picture in schedule_pictures.pictures().items()
    }


def _families() -> dict[str, list[Rule]]:
    """Return the rules by the module they stand in."""
    families: dict[str, list[Rule]] = {}
    for rule in registry.optimizers().values():
        families.setdefault(Path(rule.place.rpartition(":")[0]).stem, []).append(rule)
    return families


def _index(families: Mapping[str, Sequence[Rule]]) -> str:
    rules = list(chain.from_iterable(families.values()))
    return markdown.page(
        markdown.heading("Optimizers"),
        INTRODUCTION.format(count=len(rules)),
        markdown.contents([*families, "wrappers", "schedules"]),
        *chain.from_iterable(_entry(family, rules) for family, rules in families.items()),
        markdown.heading("Other names", 2),
        "What is a setting of a rule here and goes by a name elsewhere:",
        table(["elsewhere", "here"], [(f"`{a}`", f"`{b}`") for a, b in OTHER_NAMES.items()]),
    )


def _entry(family: str, rules: Sequence[Rule]) -> list[str]:
    """Return the lines of a family in the index."""
    rows = [
        (
            f"[`{rule.name}`]({family}.md#{anchor(rule.name)})",
            markdown.first_line(rule.functions["update"].__doc__),
            cell(rule.source),
        )
        for rule in rules
    ]
    return [
        markdown.heading(_title(family), 2),
        table(["rule", "what it does", "source"], rows),
    ]


def anchor(name: str) -> str:
    """Return what a heading is called in links."""
    return re.sub(r"[^\w-]", "", name.lower().replace(" ", "-"))


def _title(family: str) -> str:
    return family.replace("_", " ").capitalize()


def _docstring(family: str) -> str:
    return importlib.import_module(f"optbench.rules.{family}").__doc__ or ""


def _family(family: str, rules: Sequence[Rule]) -> str:
    helpers = sources.called(chain.from_iterable(rule.functions.values() for rule in rules), RULES)
    surfaces = ", ".join(f"`{one.name}` ({one.words})" for one in trajectories.SURFACES)
    rates = trajectories.RATES
    pictures = PICTURES.format(
        steps=trajectories.STEPS, rates=len(rates), low=rates[0], high=rates[-1], surfaces=surfaces
    )
    return markdown.page(
        markdown.heading(_title(family)),
        markdown.prose(_docstring(family)),
        f"Rules: {', '.join(f'[`{rule.name}`](#{anchor(rule.name)})' for rule in rules)}. "
        f"From `optbench/rules/{family}.py`.",
        pictures,
        *chain.from_iterable(_rule(rule) for rule in rules),
        *sources.shared(helpers),
    )


def _rule(rule: Rule) -> list[str]:
    return [
        markdown.heading(rule.name, 2),
        markdown.prose(rule.functions["update"].__doc__),
        f"Source: {markdown.text(rule.source)}.",
        "\n".join(
            f"![{trajectories.alternative(rule, surface)}]({_picture(rule, surface.name)})"
            for surface in trajectories.SURFACES
        ),
        *_facts(rule),
        _hyperparameters(rule.hyper),
        *_proofs(rule.name),
        _formulas(rule),
    ]


def _picture(rule: Rule, surface: str) -> str:
    return f"pictures/{rule.name}-{surface}.svg"


def _schedule_picture(name: str) -> str:
    return f"pictures/schedule-{name}.svg"


def _facts(part: Part) -> list[str]:
    """Return what else is declared of a rule or wrapper."""
    facts = [words for name, words in FACTS.items() if getattr(part, name)]
    if part.evaluations > 1:
        facts.append(f"A step costs {part.evaluations} gradient evaluations.")
    if part.iterate:
        facts.append(f"The point that is reported is its state `{part.iterate}`.")
    if states := [*part.state, *part.lane_state, *part.memory]:
        facts.append(f"State: {', '.join(f'`{state}`' for state in states)}.")
    return [" ".join(facts)] if facts else []


def _hyperparameters(hyper: Mapping[str, Allowed]) -> str:
    head = hyperparameters.HEAD
    rows = [(f"`{name}`", *map(cell, others)) for name, *others in hyperparameters.rows(hyper)]
    return table(head, rows) if rows else "It has no hyperparameters."


def _proofs(rule: str) -> list[str]:
    """Return the table of what a rule was compared with."""
    rows = [
        (
            cell(row["reference"]), cell(row["version"]), row["configurations"], row["steps"],
            f"{row['max_error']:.1e}", f"{row['tolerance']:.0e}",
        )
        for row in conformance.summary([rule])
    ]  # fmt: skip
    if not rows:
        return []
    head = ("proven against", "version", "settings", "steps", "largest error", "tolerance")
    return [table(head, rows)]


def _formulas(part: Part) -> str:
    return markdown.code("\n\n\n".join(_unique(map(sources.source, part.functions.values()))))


def _unique(texts: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(texts)


def _wrappers() -> str:
    helpers = sources.called(chain.from_iterable(w.functions.values() for w in WRAPPERS), RULES)
    sections = [
        [
            markdown.heading(wrapper.name, 2),
            markdown.prose(wrapper.functions["update"].__doc__),
            f"Source: {markdown.text(wrapper.source)}.",
            *_facts(wrapper),
            _hyperparameters(wrapper.hyper),
            _formulas(wrapper),
        ]
        for wrapper in WRAPPERS
    ]
    return markdown.page(
        markdown.heading("Wrappers"),
        "What changes any rule: a wrapper is switched on by giving one of its hyperparameters, as "
        "in `adam[clip_norm=1]`. They are applied in the order of this page.",
        *chain.from_iterable(sections),
        *sources.shared(helpers),
    )


def _schedules() -> str:
    return markdown.page(
        markdown.heading("Schedules"),
        "Factors of the learning rate that depend on the step `k` (from 0) and the budget `steps` "
        "alone, as in `adam[schedule=cosine,warmup=0.1]`. `warmup` is the share of the budget in "
        "which the rate first rises. Lengths are shares of the budget, too. The pictures show the "
        f"defaults on a budget of {schedule_pictures.STEPS} steps; `constant` with a warmup of 0.1 "
        "and `polynomial` with a power of 2.",
        *chain.from_iterable(map(_schedule, SCHEDULES.values())),
    )


def _schedule(schedule: Schedule) -> list[str]:
    return [
        markdown.heading(schedule.name, 2),
        markdown.prose(schedule.function.__doc__),
        f"Source: {markdown.text(schedule.source)}.",
        f"![{schedule_pictures.words(schedule)}]({_schedule_picture(schedule.name)})",
        _hyperparameters({"warmup": schedule.warmup, **schedule.hyper}),
        markdown.code(sources.source(schedule.function)),
    ]
