"""Figures, tables and one page that opens offline, made from the frames of the analysis."""

__all__ = ["build"]


def build(folder, frames, manifest, *, surfaces=None, processes=2, conformance=()):
    """Write figures, tables and ``report/index.html`` under `folder`; see `page.build`."""
    # Imported here: drawing processes import this package too, and need neither pandas nor jinja2.
    from optbench.report import page

    return page.build(
        folder, frames, manifest, surfaces=surfaces, processes=processes, conformance=conformance
    )
