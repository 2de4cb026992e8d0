"""``optbench env``: what decides the numbers and the speed on this machine."""

import click

from optbench.cli.documents import json_option, put


@click.command("env")
@click.option("--clear-cache", is_flag=True, help="Empty the cache of compiled code, and stop.")
@json_option
def env_command(clear_cache: bool, as_json: bool) -> None:
    """Show versions, the processor, SIMD, and the cache of compiled code."""
    from optbench.cli import environment

    if clear_cache:
        words = environment.clear_cache()
        put({"cache": words}, [words], as_json)
        return
    facts = environment.describe()
    put(environment.as_dict(facts), (f"{name:14s} {text}" for name, text in facts), as_json)
