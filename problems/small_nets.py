"""Small networks on small data: bundled tables, shapes in the plane, and a regression."""

from optbench.define import net

FACTS = dict(batch=32, tags=["net", "nonconvex", "data", "stochastic"])

wine_mlp = net(
    "wine_mlp",
    data="wine",
    sizes=(13, 16, 3),
    loss_target=0.05,
    error_target=0.05,
    source="data: Aeberhard, Coomans and de Vel 1994, Comparative analysis of statistical pattern "
    "recognition methods in high dimensional settings",
    **FACTS,
)
iris_tanh = net(
    "iris_tanh",
    data="iris",
    sizes=(4, 8, 3),
    activation="tanh",
    init="xavier_uniform",
    loss_target=0.1,
    error_target=0.05,
    source="data: Fisher 1936, The use of multiple measurements in taxonomic problems",
    **FACTS,
)
xor_sigmoid = net(
    "xor_sigmoid",
    data="xor",
    sizes=(2, 4, 1),
    activation="sigmoid",
    loss="binary_cross_entropy",
    init="xavier_uniform",
    loss_target=0.1,
    error_target=0.05,
    source="Rumelhart, Hinton and Williams 1986, Learning internal representations by error "
    "propagation",
    **FACTS,
)
moons_mlp = net(
    "moons_mlp",
    data="moons",
    sizes=(2, 16, 16, 2),
    loss_target=0.05,
    error_target=0.02,
    source="data: two half circles that interleave, as in Pedregosa et al. 2011, Scikit-learn: "
    "machine learning in Python (make_moons)",
    **FACTS,
)
spirals_mlp = net(
    "spirals_mlp",
    data="two_spirals",
    sizes=(2, 32, 32, 1),
    loss="binary_cross_entropy",
    loss_target=0.3,
    error_target=0.1,
    source="Lang and Witbrock 1988, Learning to tell two spirals apart",
    **FACTS,
)
diabetes_mlp = net(
    "diabetes_mlp",
    data="diabetes",
    sizes=(10, 16, 1),
    loss="mse",
    loss_target=0.4,
    error_target=None,
    source="data: Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression",
    **FACTS,
)
linear_deep = net(
    "linear_deep",
    data="linear_map",
    sizes=(8, 8, 8, 8, 8),
    activation="linear",
    loss="mse",
    init="orthogonal",
    loss_target=1e-3,
    error_target=None,
    source="Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of "
    "learning in deep linear neural networks",
    **FACTS,
)
teacher_student = net(
    "teacher_student",
    data="teacher_student",
    sizes=(16, 8, 1),
    activation="tanh",
    loss="mse",
    init="xavier_normal",
    loss_target=1e-2,
    error_target=None,
    source="Saad and Solla 1995, On-line learning in soft committee machines",
    **FACTS,
)
