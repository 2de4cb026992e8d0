"""What problems show in notebooks: what is declared, and a picture of surfaces."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

import optbench
from optbench.catalog.picture import SIDE, picture


def pixels(html):
    (content,) = re.findall(r"base64,([A-Za-z0-9+/=]+)", html)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))), float)


def test_a_surface_shows_what_is_declared_and_a_picture():
    html = optbench.problem("booth")._repr_html_()
    for words in ("(x + 2 y - 7)^2", "Jamil and Yang 2013", "[1, 3]", "[-10, -10] to [10, 10]"):
        assert words in html
    assert pixels(html).shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize("name", ["ellipsoid_1e2", "digits_mlp", "noisy_quadratic"])
def test_what_has_no_two_coordinates_has_no_picture(name):
    problem = optbench.problem(name)
    html = problem._repr_html_()
    assert problem.dim != 2 and "<img" not in html and str(problem.dim) in html
    assert repr(problem) == f"Problem({problem.label}, instance 0, {problem.kind})"


def test_darker_is_lower_and_up_is_up():
    box = np.array([0.0, 0.0]), np.array([1.0, 1.0])
    shade = pixels(picture(lambda x: x[:, 1] ** 9, box, None)).sum(axis=2)
    assert (np.diff(shade, axis=0) <= 0).all() and (shade == shade[:, :1]).all()
    shares = np.unique(shade, return_counts=True)[1] / shade.size
    assert shares.max() < 0.1  # shades share what is shown alike, whatever the heights


def test_the_minimum_is_marked_and_what_is_not_finite_is_the_highest():
    box = np.array([-1.0, -1.0]), np.array([1.0, 1.0])
    value = lambda x: np.where(x[:, 0] < 0, np.nan, x[:, 0] ** 2 + x[:, 1] ** 2)  # noqa: E731
    marked = pixels(picture(value, box, np.array([0.5, -0.5])))
    assert marked[int(0.75 * SIDE), int(0.75 * SIDE)].tolist() == [213, 94, 0]
    assert (marked[:, 0] == marked.max(axis=(0, 1))).all()
