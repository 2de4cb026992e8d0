"""Load a run: everything that its report shows, as frames."""

from pathlib import Path

import pandas as pd

from optbench.analysis import frames, tables, verdicts
from optbench.errors import UnknownNameError, UserError
from optbench.store import FILE, Store


def find(run, root="results"):
    """Return the folder of a run given as a folder, or as a name below `root`.

    Raises
    ------
    UnknownNameError
        If there is no such run.
    """
    for folder in (Path(run), Path(root) / run):
        if (folder / FILE).is_file():
            return folder
    raise UnknownNameError(
        "run", str(run), [path.parent.name for path in Path(root).glob(f"*/{FILE}")]
    )


def load(run):
    """Load the frames of a run.

    Parameters
    ----------
    run : path or str
        The folder of a run, or its name below ``results``.

    Returns
    -------
    dict of str to DataFrame
        "lanes", "curves", "paths" (one row a lane, record, point), "convergence", "sensitivity",
        "problems", "skipped"; of nets "layers" (one row a layer and point of training) and
        "labels" (one row a training curve).

    Raises
    ------
    UserError
        If there is no such run, or it holds no finished cell.
    """
    return load_with_manifest(run)[0]


def load_with_manifest(run):
    """Load (frames, manifest) of a run; see `load`."""
    folder = find(run)
    with Store.open(folder) as store:
        manifest = store.manifest()
        cells = list(store.cells())
        layers = store.layers()
    if not cells:
        raise UserError(f"{folder}: holds no finished cell; run the study again")
    cells.sort(key=_order(manifest))
    layers.sort(key=_order(manifest))
    lanes = frames.lane_frame(cells)
    return {
        "problems": tables.problem_table(cells),
        "convergence": tables.convergence_table(lanes),
        "sensitivity": tables.sensitivity_table(lanes),
        "curves": frames.curve_frame(cells),
        "paths": frames.path_frame(cells),
        "lanes": lanes,
        "layers": frames.layer_frame(layers),
        "labels": verdicts.label_frame(cells),
        "skipped": pd.DataFrame(
            manifest.get("skipped", []), columns=["optimizer", "label", "reason"]
        ),
    }, manifest


def _order(manifest):
    """Sort key: problems and optimizers as the study names them, whenever they ended."""
    places = {tuple(pair): i for i, pair in enumerate(manifest.get("pairs", []))}

    def key(cell):
        facts = cell[0]
        place = places.get((facts["optimizer"], facts["label"]), len(places))
        return place, facts["phase"], facts["instance"]

    return key
