# Everything else is declared in pyproject.toml, which cannot both find packages and rename one:
# the catalog is the folder `problems` in the tree and the package `optbench_problems` in a wheel,
# and so it is with `claims`, and with `results/baseline`, which `--against baseline` reads.
from setuptools import find_namespace_packages, setup

setup(
    packages=[
        *find_namespace_packages(include=["optbench", "optbench.*"]),
        "optbench_problems",
        "optbench_claims",
        "optbench_baseline",
    ],
    package_dir={
        "optbench_problems": "problems",
        "optbench_claims": "claims",
        "optbench_baseline": "results/baseline",
    },
)
