"""The user's own data files: read as they are, refused when malformed."""

import gzip

import numpy as np
import pytest

from optbench.define.draws import stream_key
from optbench.errors import SettingError
from optbench.nets import data
from optbench.nets import idx as idx_files
from optbench.nets.net_problem import build
from optbench.nets.network import compiled
from tests.nets.helpers import tumours

IRIS = "width,height,kind\n" + "".join(f"{i},{2 * i},{'ba'[i % 2]}\n" for i in range(10))


def idx(array, code=8):
    """Return an array as bytes of the IDX format, written after its description."""
    shape = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, code, array.ndim]) + shape + array.astype(idx_files.TYPES[code]).tobytes()


def images(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 4, 3)), np.arange(n) % 3


def test_csv_with_words_as_classes(tmp_path):
    path = tmp_path / "flowers.csv"
    path.write_text(IRIS)
    loaded = data.load(str(path))
    np.testing.assert_array_equal(loaded.X, np.column_stack([np.arange(10), 2 * np.arange(10)]))
    np.testing.assert_array_equal(loaded.y, [1, 0] * 5)  # a, b in order of the alphabet
    assert loaded.classes == 2


def test_csv_of_a_regression_is_scaled_by_its_training_part(tmp_path):
    path = tmp_path / "heights.csv"
    path.write_text("".join(f"{i},{0.5 * i}\n" for i in range(20)))
    assert data.load(str(path)).classes == 0
    parts = data.split(str(path), 1)
    np.testing.assert_allclose((parts.train.y.mean(), parts.train.y.std()), (0, 1), atol=1e-14)
    np.testing.assert_allclose(parts.test.y[:, None], parts.test.X)  # a straight line stays one


def test_npz(tmp_path):
    path = tmp_path / "own.npz"
    X = np.random.default_rng(0).normal(size=(12, 3))
    np.savez(path, X=X, y=np.arange(12) % 4)
    loaded = data.load(str(path))
    np.testing.assert_array_equal(loaded.X, X)
    assert loaded.classes == 4
    np.savez(path, X=X, y=X[:, :2])  # the same path, another content
    assert data.load(str(path)).y.shape == (12, 2)


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_folder_keeps_its_test_part(tmp_path, packed):
    for stem, (n, seed) in {"train": (20, 0), "t10k": (6, 1)}.items():
        pixels, labels = images(n, seed)
        for kind, array in (("images-idx3-ubyte", pixels), ("labels-idx1-ubyte", labels)):
            content = gzip.compress(idx(array)) if packed else idx(array)
            (tmp_path / f"{stem}-{kind}{'.gz' * packed}").write_bytes(content)
    loaded = data.load(str(tmp_path))
    np.testing.assert_array_equal(loaded.X[20:], images(6, 1)[0].reshape(6, 12))
    train, validation, test = data.split_indices(str(tmp_path), 3)
    np.testing.assert_array_equal(test, np.arange(20, 26))
    np.testing.assert_array_equal(np.sort(np.concatenate([train, validation])), np.arange(20))
    assert len(validation) == 5
    one = str(tmp_path / f"train-images-idx3-ubyte{'.gz' * packed}")
    np.testing.assert_array_equal(data.load(one).X, loaded.X[:20])


def test_a_net_on_a_file(tmp_path):
    path = tmp_path / "flowers.csv"
    path.write_text(IRIS)
    built = build(tumours(data=str(path), sizes=(2, 4, 2), batch=3), "float64", 1)
    params = built.init(stream_key("a")).reshape(-1, 64)
    f, work = np.empty(64), np.zeros(built.work_size)
    keys = np.zeros(64, np.uint64)
    run = compiled("problem", "float64")
    run(params, np.empty_like(params), f, built.p, built.q, work, keys, 0, 1)
    parts = data.split(str(path), 1)
    loss, _ = built.net.loss_and_grad(params.ravel(), parts.train.X, parts.train.y)
    assert f[0] == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "1,2,0\n1,1\n", "line 2: has 2 columns; expected 3"),
        ("a.csv", "1,2,0\n1,x,1\n", "line 2, column 2: 'x' is not a number"),
        ("a.csv", "", "holds no example"),
        ("a.csv", "1,0\n2,1\n", "2 examples of 1 features; expected at least 5"),
        ("a.csv", "1,0\n2,1\nnan,0\n3,1\n4,0\n", "line 3, column 1: 'nan' is a missing value"),
        ("a.csv", b"\xff\xfe,1\n", "line 1: is not a text file in UTF-8"),
        ("a.csv", "1\n" * 9, "line 1: has 1 columns; expected 2 or more"),
        ("a.npz", b"PK nothing", "is no NPZ file, it begins with 504b206e .*X=X, y=y"),
        ("a.txt", "1,2\n", "of no known kind; it must end with .csv"),
        ("images-idx3", b"\x01\x02\x03\x04", "begins with 01020304; an IDX file begins"),
        ("images-idx3", idx(images(9)[0])[:-1], "is 123 bytes long; its header promises 124"),
        ("images-idx3", b"\x1f\x8b broken", "cannot be read"),
    ],
)
def test_malformed_files_are_refused(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (tmp_path / "labels-idx1").write_bytes(idx(images(9)[1]))
    with pytest.raises(SettingError, match=message) as caught:
        data.load(str(path))
    assert str(path) in str(caught.value)


def test_arrays_that_do_not_fit_are_refused(tmp_path):
    path, X = tmp_path / "a.npz", np.ones((6, 2))
    for y, message in (
        (np.arange(5), r"y is int64 \(5,\); expected integers \(6,\)"),
        (np.array([1, 2, 1, 2, 1, 2]), "class labels are 1, 2; expected each of 0, 1"),
        (np.array(list("abcabc")), "y is <U1"),
    ):
        np.savez(path, X=X, y=y)
        with pytest.raises(SettingError, match=message):
            data.load(str(path))
    np.savez(path, X=X)
    with pytest.raises(SettingError, match="holds no array y; its arrays are .X.; expected X "):
        data.load(str(path))
    (tmp_path / "images-idx3").write_bytes(idx(images(9)[0]))
    with pytest.raises(SettingError, match="there is no labels-idx1 beside it"):
        data.load(str(tmp_path / "images-idx3"))
    with pytest.raises(SettingError, match="holds 0 files train-images"):
        data.load(str(tmp_path))
