"""Figures, tables and one page that opens offline, made from the frames of the analysis."""

__all__ = ["build"]


def build(folder, frames, manifest, **options):
    """Write figures, tables and ``report/index.html`` under `folder`; see `page.build`."""
    # Imported here: drawing processes import this package too, and need neither pandas nor jinja2.
    from optbench.report import page

    return page.build(folder, frames, manifest, **options)
