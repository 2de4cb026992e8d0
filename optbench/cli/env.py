"""``optbench env``: what decides the numbers and the speed on this machine."""

import click


@click.command("env")
@click.option("--clear-cache", is_flag=True, help="Empty the cache of compiled code, and stop.")
def env_command(clear_cache: bool) -> None:
    """Show versions, the processor, SIMD, and the cache of compiled code."""
    from optbench.cli import environment

    if clear_cache:
        click.echo(environment.clear_cache())
        return
    for name, text in environment.describe():
        click.echo(f"{name:14s} {text}")
