"""Small networks on the 8 x 8 images of handwritten digits."""

from optbench.define import net

DATA = "data: Alpaydin and Kaynak 1998, Cascading classifiers"
FACTS = dict(
    data="digits",
    batch=64,
    loss_target=0.05,
    error_target=0.05,
    tags=["net", "nonconvex", "data", "stochastic"],
)

digits_mlp = net(
    "digits_mlp",
    sizes=(64, 32, 10),
    source="Rumelhart, Hinton and Williams 1986, Learning representations by back-propagating "
    f"errors; {DATA}",
    **FACTS,
)
digits_tanh = net(
    "digits_tanh",
    sizes=(64, 32, 10),
    activation="tanh",
    init="xavier_uniform",
    family="digits_mlp",
    source="Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward "
    f"neural networks; {DATA}",
    **FACTS,
)
digits_batch_norm = net(
    "digits_batch_norm",
    sizes=(64, 32, 10),
    batch_norm=True,
    family="digits_mlp",
    source=f"Ioffe and Szegedy 2015, Batch normalization; {DATA}",
    **FACTS,
)
digits_dropout = net(
    "digits_dropout",
    sizes=(64, 64, 10),
    dropout=0.2,
    family="digits_mlp",
    source=f"Srivastava et al. 2014, Dropout; {DATA}",
    **FACTS,
)
digits_residual = net(
    "digits_residual",
    sizes=(64, 32, 32, 32, 32, 32, 32, 10),
    layer_norm=True,
    residual=True,
    family="digits_mlp",
    source=f"He et al. 2016, Deep residual learning for image recognition; {DATA}",
    **FACTS,
)
