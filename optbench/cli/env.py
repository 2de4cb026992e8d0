"""``optbench env``: what decides the numbers and the speed on this machine."""

import click

from optbench.cli.documents import FailedError, examples, json_option, put
from optbench.errors import UserError


@click.command(
    "env",
    short_help="Show versions, processor and cache; for bug reports.",
    epilog=examples("optbench env", "optbench env --json", "optbench env --warm"),
)
@click.option("--clear-cache", is_flag=True, help="Empty the cache of compiled code, and stop.")
@click.option("--warm", is_flag=True, help="Compile what everybody needs into the cache, and stop.")
@json_option
def env_command(clear_cache: bool, warm: bool, as_json: bool) -> None:
    """Show versions, the processor, SIMD and the cache of compiled code, for reports of faults.

    With --warm: compile what no run can do without (the drivers of lanes and the kernels of nets,
    in both dtypes) and all of the study quick, on all processors. `make install` ends with it.
    """
    from optbench.cli import environment

    if clear_cache and warm:
        raise UserError("env: give --clear-cache or --warm, one after the other")
    if warm:
        _warm(as_json)
        return
    if clear_cache:
        words = environment.clear_cache()
        put({"cache": words}, [words], as_json)
        return
    facts = environment.describe()
    put(environment.as_dict(facts), (f"{name:14s} {text}" for name, text in facts), as_json)


def _warm(as_json: bool) -> None:
    """Fill the cache, and say with what."""
    from optbench.cli import warming

    facts = warming.warm()
    put(facts, warming.lines(facts), as_json)
    if facts["failed"]:
        raise FailedError(f"env --warm: did not compile: {', '.join(facts['failed'])}")
