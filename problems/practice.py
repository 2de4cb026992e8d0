"""Small nets with and without the practice of training: images, a table to overfit, transfer."""

from optbench.define import net

TAGS = ["net", "nonconvex", "data", "stochastic"]
DIGITS = "data: Alpaydin and Kaynak 1998, Cascading classifiers"
TRANSFER = "Yosinski et al. 2014, How transferable are features in deep neural networks?"
DIABETES = "data: Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression"


def images(name, source, **options):
    """Declare a net on the images of digits; all pixels are scaled alike, so that they can move."""
    return net(
        name, data="digits", sizes=(64, 32, 10), scaling="common", batch=64, loss_target=0.05,
        error_target=0.05, tags=TAGS, family="practice_images", source=f"{source}; {DIGITS}",
        **options,
    )  # fmt: skip


practice_images = images("practice_images", "Rumelhart, Hinton and Williams 1986")
practice_images_moved = images(
    "practice_images_moved", "Simard, Steinkraus and Platt 2003, Best practices for convolutional "
    "neural networks applied to visual document analysis",
    image=(8, 8), augment=dict(shift=0.5, rotate=10, scale=1.1, intensity=1.1, noise=0.1),
)  # fmt: skip
practice_images_mixed = images(
    "practice_images_mixed", "Zhang, Cisse, Dauphin and Lopez-Paz 2018, mixup", mixup=0.2
)
practice_images_max_norm = images(
    "practice_images_max_norm", "Srivastava et al. 2014, Dropout, sec. 5.1", max_norm=2.0
)


def table(name, source, **options):
    """Declare a net on a table of 265 training examples that has too many parameters for it."""
    return net(
        name, data="diabetes", sizes=(10, 64, 1), loss="mse", batch=32, loss_target=0.4,
        error_target=None, tags=TAGS, family="practice_table", source=f"{source}; {DIABETES}",
        **options,
    )  # fmt: skip


practice_table = table("practice_table", "Rumelhart, Hinton and Williams 1986")
practice_table_stopped = table(
    "practice_table_stopped", "Prechelt 1998, Early stopping - but when?", stopping="patience:5"
)


def transfer(name, **options):
    """Declare a net on the images of five digits."""
    return net(
        name, data="digits", sizes=(64, 32, 5), batch=64, loss_target=0.05, error_target=0.05,
        tags=TAGS, source=f"{TRANSFER}; {DIGITS}",
        **{"classes": (5, 6, 7, 8, 9), "family": "practice_transfer", **options},
    )  # fmt: skip


# A family of its own: the others' initial weights, the fresh last layer's too, must not be the
# ones that it was trained from.
practice_transfer_source = transfer(
    "practice_transfer_source", classes=(0, 1, 2, 3, 4), family="practice_transfer_source"
)
PRETRAINED = dict(net=practice_transfer_source, optimizer="adam", lr=0.01, steps=200)
practice_transfer_scratch = transfer("practice_transfer_scratch")
practice_transfer_head = transfer("practice_transfer_head", pretrained=PRETRAINED, rates={1: 0.0})
practice_transfer_layers = transfer(
    "practice_transfer_layers", pretrained=PRETRAINED, rates={1: 0.1}
)
practice_transfer_all = transfer("practice_transfer_all", pretrained=PRETRAINED)
