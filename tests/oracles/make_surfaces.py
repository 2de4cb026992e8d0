"""Make surfaces.json: values of classical test functions by SciPy's benchmarks and More-Wild.

Run ``python tests/oracles/make_surfaces.py BENCHMARKS`` in an environment with optimagic and
asv_runner, where BENCHMARKS is the folder `benchmarks` of the source distribution of the SciPy that
is installed. The file holds, for each problem and dimension, three points of the problem's box and
the values there.
"""

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("surfaces.json")
POINTS = 3

SCIPY = {
    "ackley": "Ackley01", "alpine": "Alpine01", "beale": "Beale", "bent_cigar": "Cigar",
    "bird": "Bird", "bohachevsky": "Bohachevsky1", "branin": "Branin01",
    "cosine_mixture": "CosineMixture", "csendes": "Csendes", "cube": "Cube",
    "dixon_price": "DixonPrice", "double_sum": "Schwefel02", "drop_wave": "DropWave",
    "easom": "Easom", "egg_crate": "EggCrate", "eggholder": "EggHolder",
    "freudenstein_roth": "FreudensteinRoth", "goldstein_price": "GoldsteinPrice",
    "griewank": "Griewank", "hartmann_3": "Hartmann3", "hartmann_6": "Hartmann6",
    "helical_valley": "HelicalValley", "himmelblau": "HimmelBlau",
    "jennrich_sampson": "JennrichSampson", "l1": "Schwefel20",
    "langermann": "Langermann", "levy_13": "Levy13", "levy_montalvo": "Levy03",
    "matyas": "Matyas", "mccormick": "McCormick",
    "michalewicz": "Michalewicz", "perm": "PermFunction01", "powell_singular": "Powell",
    "rastrigin": "Rastrigin", "rosenbrock": "Rosenbrock", "salomon": "Salomon",
    "schaffer_2": "Schaffer02", "schwefel": "Schwefel26", "shekel": "Shekel10",
    "shubert": "Shubert01", "six_hump_camel": "SixHumpCamel", "sphere": "Sphere",
    "styblinski_tang": "StyblinskiTang", "sum_of_powers": "Sodp",
    "three_hump_camel": "ThreeHumpCamel", "trefethen": "Trefethen", "trid": "Trid",
    "watson": "Watson",
    "zakharov": "Zacharov", "zettl": "Zettl",
    "aluffi_pentini": "Zirilli", "brown": "Brown", "bukin_6": "Bukin06", "cola": "Cola",
    "damavandi": "Damavandi", "deckkers_aarts": "DeckkersAarts", "eckerle_4": "Eckerle4",
    "el_attar": "ElAttarVidyasagarDutta", "gulf": "Gulf",
    "hole_beside_the_valley": "RosenbrockModified", "judge": "Judge",
    "lennard_jones": "LennardJones", "meyer": "Meyer", "power_sum": "PowerSum",
    "price_4": "Price04", "qing": "Qing", "quintic": "Quintic", "ratkowsky_42": "Ratkowsky02",
    "ratkowsky_43": "Ratkowsky01", "thurber": "Thurber", "wayburn_seader": "WayburnSeader01",
}  # fmt: skip
"""Problems that SciPy's global optimization benchmarks define too.

Some of theirs go by the same names and are other functions: Colville and Trigonometric01 place a
square and a bracket differently, Whitley lacks a square, Kowalik has rounded data replaced, and
MieleCantrell has the first coordinate mirrored.
"""

MORE_WILD = {
    "bard": "bard_good_start", "box_3d": "box_3d", "brown_almost_linear": "brown_almost_linear",
    "brown_dennis": "brown_dennis_good_start", "chebyquad": "chebyquad_8", "meyer": "meyer",
    "freudenstein_roth": "freudenstein_roth_good_start",
    "helical_valley": "helical_valley_good_start", "jennrich_sampson": "jennrich_sampson",
    "kowalik_osborne": "kowalik_osborne", "osborne_1": "osborne_one",
    "osborne_2": "osborne_two_good_start", "powell_singular": "powell_singular_good_start",
    "rosenbrock": "rosenbrock_good_start", "watson": "watson_6_good_start",
}  # fmt: skip
"""Problems of the More-Wild set (Moré and Wild 2009), as optimagic has them."""


def make(benchmarks):
    """Return everything that the file holds."""
    import optbench

    sys.path.insert(0, str(benchmarks))
    from benchmarks import go_benchmark_functions as scipys
    from optimagic.benchmarking.more_wild import MORE_WILD_PROBLEMS

    values = []
    for name, theirs in SCIPY.items():
        for dim in optbench.problems()[name].dims:
            test = getattr(scipys, theirs)()
            if test.change_dimensionality:
                test = getattr(scipys, theirs)(dimensions=dim)
            if test.N == dim:
                values.append(row(optbench.problem(name, dim), theirs, test.fun))
    for name, theirs in MORE_WILD.items():
        function = MORE_WILD_PROBLEMS[theirs]["fun"]
        values.append(
            row(optbench.problem(name), theirs, lambda x, r=function: float(np.sum(r(x) ** 2)))
        )
    modules = {"scipy": version("scipy"), "optimagic": version("optimagic")}
    return {"made_by": {**modules, "numpy": np.__version__}, "values": values}


def row(problem, theirs, function):
    """Return the values at points with few digits, as the published ones have."""
    low, high = problem.box
    inside = np.random.default_rng(problem.dim).uniform(0.05, 0.95, (POINTS, problem.dim))
    points = np.round(low + (high - low) * inside, 3)
    return [problem.name, theirs, points.tolist(), [float(function(x)) for x in points]]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    made = make(Path(sys.argv[1]))
    lines = ",\n".join(json.dumps(entry) for entry in made["values"])
    FILE.write_text(f'{{"made_by": {json.dumps(made["made_by"])},\n"values": [\n{lines}\n]}}\n')
    print(FILE, FILE.stat().st_size, "bytes")
