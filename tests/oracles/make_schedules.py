"""Make schedules.npz: rates by torch.optim.lr_scheduler, in float64.

Run ``python tests/oracles/make_schedules.py`` in an environment with torch. The file holds, for
each case of tests/rules/test_schedules.py, the factors of 200 steps.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("schedules.npz")

if __name__ == "__main__":
    import torch

    if not FILE.exists():
        np.savez_compressed(FILE)
    path = FILE.parent.parent / "rules" / "test_schedules.py"
    spec = importlib.util.spec_from_file_location("test_schedules", path)
    cases = importlib.util.module_from_spec(spec)
    sys.modules["test_schedules"] = cases
    spec.loader.exec_module(cases)
    made_by = np.array(f"torch {torch.__version__}")
    np.savez_compressed(FILE, **cases.all_torch_factors(), made_by=made_by)
    print(FILE, FILE.stat().st_size, "bytes")
