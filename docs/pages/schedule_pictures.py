"""Small pictures: what each schedule multiplies the rate by, step by step."""

from optbench.rules.schedules import SCHEDULES, Schedule, factors

STEPS = 1000
"""The budget; a picture shows shares of it."""
WIDTH, HEIGHT = 300, 110  # pixels of the axes
LEFT, TOP, FOOT = 34, 10, 30  # around them
EXAMPLES = {"constant": {"warmup": 0.1}, "polynomial": {"schedule_power": 2.0}}
"""Settings that are not the defaults, where those show nothing of their own."""


def pictures() -> dict[str, str]:
    """Return SVG by the name of a schedule."""
    return {name: _svg(schedule) for name, schedule in SCHEDULES.items()}


def settings(schedule: Schedule) -> dict[str, float]:
    """Return the settings that a picture is of."""
    ranges = {"warmup": schedule.warmup, **schedule.hyper}
    defaults = {name: one.default for name, one in ranges.items()}
    return defaults | EXAMPLES.get(schedule.name, {})


def words(schedule: Schedule) -> str:
    """Return what the picture of a schedule shows."""
    own = ", ".join(f"{name} = {value:g}" for name, value in settings(schedule).items())
    return f"The factor of {schedule.name} over {STEPS} steps, {own}"


def _svg(schedule: Schedule) -> str:
    values = factors((("schedule", schedule.name), *settings(schedule).items()), STEPS)
    points = " ".join(
        f"{LEFT + WIDTH * k / STEPS:.1f},{TOP + HEIGHT * (1.0 - value):.1f}"
        for k, value in enumerate(values)
    )
    rows = "".join(
        f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y}" y2="{y}" stroke="#808080" '
        f'stroke-width="0.5"/><text x="{LEFT - 5}" y="{y + 4}" text-anchor="end">{text}</text>'
        for text, y in (("1", TOP), ("½", TOP + HEIGHT / 2), ("0", TOP + HEIGHT))
    )
    columns = "".join(
        f'<text x="{LEFT + WIDTH * share / 4}" y="{TOP + HEIGHT + 14}" text-anchor="middle">'
        f"{25 * share} %</text>"
        for share in range(5)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" '
        f'height="{TOP + HEIGHT + FOOT}" viewBox="0 0 {LEFT + WIDTH + 20} {TOP + HEIGHT + FOOT}">'
        f'<g font-family="sans-serif" font-size="11" fill="#808080">{rows}{columns}'
        f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 27}" text-anchor="middle">'
        "share of the budget</text></g>"
        f'<polyline points="{points}" fill="none" stroke="#D55E00" stroke-width="2" '
        'stroke-linejoin="round"/></svg>\n'
    )
