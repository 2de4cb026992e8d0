"""``optbench completion``: the script by which a shell completes commands, options and names."""

import click
from click.shell_completion import BashComplete, add_completion_class, get_completion_class

from optbench.cli.documents import examples

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_OPTBENCH_COMPLETE"


@add_completion_class
class BracketsInBash(BashComplete):
    """Click's completion for bash, with no blank where a setting's value is still to come."""

    source_template = BashComplete.source_template.replace(
        "COMPREPLY+=($value)",
        'COMPREPLY+=("$value")\n            [[ $value == *= ]] && compopt -o nospace',
    )


@click.command(
    "completion",
    short_help="Print the script that completes names in a shell.",
    epilog=examples(
        'eval "$(optbench completion bash)"',
        "optbench completion fish > ~/.config/fish/completions/optbench.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Print the script that has a SHELL complete commands, options and names by the tab key.

    Optimizers, problems, studies, runs and claims are completed, and behind a bracket the settings
    of an optimizer or a problem. For good, write the script where the shell looks for it:
    bash ~/.local/share/bash-completion/completions/optbench, zsh _optbench in a folder of $fpath,
    fish ~/.config/fish/completions/optbench.fish.
    """
    kind = get_completion_class(shell)
    assert kind is not None  # click has all of `SHELLS`
    click.echo(kind(context.find_root().command, {}, "optbench", VARIABLE).source(), nl=False)
