# Everything else is declared in pyproject.toml, which cannot both find packages and rename one:
# the catalog is the folder `problems` in the tree and the package `optbench_problems` in a wheel.
from setuptools import find_namespace_packages, setup

setup(
    packages=[
        *find_namespace_packages(include=["optbench", "optbench.*"]),
        "optbench_problems",
    ],
    package_dir={"optbench_problems": "problems"},
)
