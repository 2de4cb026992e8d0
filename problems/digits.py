"""Small networks on the 8 x 8 images of handwritten digits."""

from optbench.define import net

digits_mlp = net(
    "digits_mlp",
    data="digits",
    sizes=(64, 32, 10),
    batch=64,
    loss_target=0.05,
    error_target=0.05,
    source="Rumelhart, Hinton and Williams 1986, Learning representations by back-propagating "
    "errors; data: Alpaydin and Kaynak 1998, Cascading classifiers",
    tags=["net", "nonconvex", "data", "stochastic"],
)
