"""Files that people have: each is read as it is meant, or refused with file, line and remedy."""

import gzip
import io
import os
import pickle
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import optbench
from optbench import define, identity, lanes, making
from optbench.errors import DefinitionError, SettingError, UserError
from optbench.nets import data, examples, files, problem
from optbench.nets.idx import TYPES
from tests.nets.test_problem import declared

FEATURES = np.array([[0.5, 1.5], [2.0, 2.5], [1.25, 3.0], [4.5, -1.0], [5.5, 0.25], [-6.0, 7.5]])
WORDS = ["a", "b", "a", "b", "b", "a"]


def idx(array, code=8):
    shape = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, code, array.ndim]) + shape + array.astype(TYPES[code]).tobytes()


def rows(separator=",", point=".", targets=WORDS, end="\n"):
    """Return FEATURES and targets as the text of a table."""
    lines = []
    for example, target in zip(FEATURES.tolist(), targets, strict=True):
        lines.append(separator.join([*(str(v).replace(".", point) for v in example), target]))
    return end.join([*lines, ""])


def written(tmp_path, content, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path, match, wanted=None):
    with pytest.raises(SettingError, match=match) as caught:
        data.load(path, wanted)
    assert str(path) in str(caught.value)


# ------------------------------------------------------------------------------- what is one table


@pytest.mark.parametrize(
    "content",
    [
        rows(),
        "\ufeff" + rows(),
        "\ufeff" + "width,height,kind\n" + rows(),
        rows(";"),
        rows(";", ","),
        rows("\t"),
        rows("\t", ","),
        "width;height;kind\r\n" + rows(";", ",", end="\r\n"),
        rows(end="\r"),
        "# saved on Monday, don't \"worry\n#\n" + rows(),
        "width,height,kind\n\n# the first flower\n" + rows() + "\n\n",
        rows(targets=[f'"{word}"' for word in WORDS]),
        rows(", ", targets=[f"{word} " for word in WORDS]),
        rows().replace("0.5,", "5E-1,").replace("4.5,", "+4.50,").replace("2.5,", "25e-1,"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "DATA.CSV", "a.tsv"])
def test_one_table_in_many_spellings(tmp_path, content, name):
    table = data.load(written(tmp_path, content, name))
    np.testing.assert_array_equal(table.X, FEATURES)
    np.testing.assert_array_equal(table.y, [0, 1, 0, 1, 1, 0])
    assert (table.classes, table.labels) == (2, ("a", "b"))


def test_decimal_commas_in_the_target(tmp_path):
    text = "".join(f"{i};{i},5\n" for i in range(8))
    np.testing.assert_array_equal(data.load(written(tmp_path, text)).y, np.arange(8) + 0.5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2\n3,4\n5,NA\n7,8\n9,10\n", "line 3, column 2: 'NA' is a missing value; fill it in"),
        ("1,2\n3,4\n5,\n7,8\n9,10\n", "line 3, column 2: an empty cell is a missing value"),
        ('1,2\n3,4\n5,"1,002.60"\n7,8\n9,0\n', "line 3, column 2: '1,002.60' is not a plain num"),
        ("x,y\n" + '1,"1,002.60"\n' * 6, "line 2, column 2: '1,002.60' is not a plain number"),
        (
            "1,2\n3,4\n5,six\n7,8\n9,10\n",
            "line 3, column 2: the target 'six' is a word, but '2' in",
        ),
        ("1,a\n3,b\n5,a\n7,4\n9,b\n", "line 4, column 2: the target '4' is a number, but 'a' in l"),
        ("1,a\n3,b\n5,a\n7,null\n9,b\n", "line 4, column 2: 'null' is a missing value"),
        ("1,2,a\n?,2,b\n", "line 2, column 1: '\\?' is a missing value"),
        ("1,2,a\n1,inf,b\n", "line 2, column 2: 'inf' is not finite"),
        ("1,2,a\n1,1_000,b\n", "line 2, column 2: '1_000' is not a plain number"),
        ("1,2,a\n1,٣,b\n", "line 2, column 2: '٣' is not a plain number"),
        ("1,2,a\n1,5%,b\n", "line 2, column 2: '5%' is not a plain number"),
        ("1,2,a\n1,1e999,b\n", "line 2, column 2: '1e999' is outside the range of float64"),
        ("1,2,a\n1,1e-999,b\n", "line 2, column 2: '1e-999' is outside the range of float64"),
        ("1,2,a\n1,0." + "0" * 400 + "1,b\n", "line 2, column 2: '0.000.* is outside the range"),
        ("1,2,a,\n" * 6, "line 1, column 4: an empty cell is a missing value"),
        ("1,2,a\n,,\n", "line 2, column 3: an empty cell is a missing value"),
    ],
)
def test_cells_that_are_no_numbers(tmp_path, content, message):
    refused(written(tmp_path, content), message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0,1,2\n" + "3,4,5\n6,7,8\n" * 5, "line 1: '0,1,2' looks like a header that numbers"),
        ("1,2,3\n" + "3,4,5\n6,7,8\n" * 5, "line 1: '1,2,3' looks like a header that numbers"),
        ("0,1,kind\n" + "3,4,a\n6,7,b\n" * 5, "line 1: '0,1,kind' looks like a header"),
        ("0,1,kind\n" + "3,4,5\n6,7,8\n" * 5, "line 1, .*'kind' is a word.* header, name all"),
        (",0,1,2\n" + "0,3,4,5\n1,6,7,8\n", "line 1, column 1: an empty cell .* is a header, name"),
        (",x,y\n" + "0,3,4\n1,6,7\n", "line 1, column 1: has no name.* row numbers.*index=False"),
        ("x,2019,y\n" + "3,4,5\n", "line 1, column 1: 'x' is not a number.*header, name all col"),
        ("x,x,y\n" + "3,4,5\n", "line 1: columns 1 and 2 are both named 'x'; keep one"),
        ("NA,NA,a\n" + "3,4,a\n", "line 1, column 1: 'NA' is a missing value"),
        ('"1,000.5","2,000.5",a\n' + "3,4,a\n", "line 1, column 1: '1,000.5' is not a plain"),
        ("x,y\n", "holds no example"),
        ("# nothing\n\n", "holds no example"),
    ],
)
def test_first_lines_that_mislead(tmp_path, content, message):
    refused(written(tmp_path, content), message)


def test_a_first_line_of_small_numbers_is_an_example_where_its_class_recurs(tmp_path):
    table = data.load(written(tmp_path, "0,1,a\n" + "3,4,a\n6,7,b\n" * 5))
    assert table.X.shape == (11, 2)
    np.testing.assert_array_equal(table.X[0], [0, 1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "1;2;a\n1,5;2;b\n1.5;2;a\n",
            "line 3, column 1: '1.5' has another decimal sign than '1,5'",
        ),
        ("1,234\t2\ta\n5,678\t2\tb\n", "line 1, column 1: '1,234' has a comma that may be a decim"),
        ("1;1,234,567;a\n", "line 1, column 2: '1,234,567' is not a plain number.*by semicolons"),
        ("1;2;a\n1,2,a\n1;2;b\n", "line 2: has 1 columns; expected 3.*separated by semicolons"),
        ("1 2 a\n3 4 b\n", "line 1: has 1 columns; expected 2 or more.*tabs, semicolons, commas"),
        ("1|2|a\n3|4|b\n", "line 1: has 1 columns; expected 2 or more.*tabs, semicolons, commas"),
        ("1,2,a\n1,2,b,\n", "line 2: has 4 columns; expected 3"),
        ('1,2,"a\n1,2,b\n', "line 1: can not be read .*; close every quotation mark"),
        ('1,2,b\n1,2,"a\nb"\n', "line 2: can not be read .*goes over the end of the line"),
        ('1,2,b\n1,2,"a"b\n', "line 2: can not be read"),
        ("1,2,a\n1,2,ü\n".encode("latin-1"), "line 2: is not a text file in UTF-8"),
        ("1,2,a\n1,2,b\n".encode("utf-16"), "line 1: is not a text file in UTF-8"),
        ("1,2,a\n1,2,b\n".encode("utf-16-le"), "is not a text file in UTF-8, it holds zero bytes"),
        ("1,2," + "a" * 200_000, "line 1: can not be read .*field limit"),
    ],
)
def test_separators_and_texts(tmp_path, content, message):
    refused(written(tmp_path, content), message)


# ---------------------------------------------------------------------------------------- targets

LABELS = [["1", "2", "3"], ["5", "7", "9"], ["-1", "0", "1"], ["0.0", "1.0", "2.0"], ["-1", "1"]]


@pytest.mark.parametrize("labels", LABELS)
def test_whole_numbers_are_classes_for_a_classification_and_numbers_for_a_regression(
    tmp_path, labels
):
    targets = [*labels, *labels, *labels][:6]
    path = written(tmp_path, rows(targets=targets))
    table = data.load(path, "classes")
    assert table.labels == tuple(sorted(int(float(label)) for label in labels))
    assert [table.labels[label] for label in table.y] == [float(target) for target in targets]
    np.testing.assert_array_equal(data.load(path, "numbers").y, np.array(targets, float))
    assert data.load(path, "numbers").classes == 0


def test_the_loss_decides_what_whole_numbers_are(tmp_path):
    name = str(written(tmp_path, rows(targets=["5", "7", "9", "9", "5", "7"])))
    facts = dict(data=name, batch=2, init="he_normal")

    def targets(loss, outputs, **more):
        built = problem.build(
            declared(loss=loss, sizes=(2, 4, outputs), **facts | more), "float64", 1
        )
        return built.p[12 : 12 + 6 * (1 if loss == "cross_entropy" else outputs)]

    raw = np.array([5, 7, 9, 9, 5, 7.0])[np.concatenate(data.split_indices(name, 1, "classes"))]
    np.testing.assert_array_equal(targets("cross_entropy", 3), (raw - 5) / 2)
    np.testing.assert_array_equal(
        targets("mse", 3).reshape(6, 3), np.eye(3)[((raw - 5) / 2).astype(int)]
    )
    scaled = targets("mse", 1)  # mean 0 and deviation 1 over the four training examples
    np.testing.assert_allclose(scaled, (raw - raw[:4].mean()) / raw[:4].std(), rtol=1e-15)
    with pytest.raises(UserError, match="sizes ends with 2; with cross_entropy it must be 3"):
        targets("cross_entropy", 2)


@pytest.mark.parametrize(
    ("targets", "wanted", "message"),
    [
        ("111111", "classes", "all examples are of class 1; expected at least two"),
        ("111111", "numbers", "all targets are 1.0; expected at least two different ones"),
        ("111111", None, "all examples are of class 1; expected at least two"),
        ("aaaaaa", "numbers", "all examples are of class 'a'; expected at least two"),
        ("abcdef", "classes", "every example has a class of its own"),
        ("123123", None, "class labels are 1, 2, 3; expected each of 0, 1, ..., classes - 1"),
        (["1.5", *"21212"], "classes", "line 1: the target 1.5 is no class label"),
        (["1e17", *"21212"], "classes", "line 1: the target 1e\\+17 is no class label"),
    ],
)
def test_targets_that_are_refused(tmp_path, targets, wanted, message):
    refused(written(tmp_path, rows(targets=list(targets))), message, wanted)


def test_integers_of_an_archive_follow_the_loss(tmp_path):
    path = tmp_path / "a.NPZ"
    y = np.array([3, 250, 3, 250, 77, 77], np.uint8)
    with path.open("wb") as file:
        np.savez(file, X=FEATURES, y=y)
    np.testing.assert_array_equal(data.load(path, "classes").y, [0, 2, 0, 2, 1, 1])
    assert data.load(path, "classes").labels == (3, 77, 250)
    np.testing.assert_array_equal(data.load(path, "numbers").y, y.astype(float))
    refused(path, "class labels are 3, 77, 250; expected each of 0, 1")
    huge = np.array([2**64 - 1, 0, 0, 1, 1, 2**64 - 1], np.uint64)
    with path.open("wb") as file:
        np.savez(file, X=FEATURES, y=huge)
    assert data.load(path, "classes").labels == (0, 1, 2**64 - 1)


# ----------------------------------------------------------------------------------------- scales


@pytest.mark.parametrize("scaling", ["standard", "common", "minmax", "whiten"])
@pytest.mark.parametrize("unit", [1e300, 1e-300, -1e307, 1e-308])
def test_extreme_units_are_scaled_like_any(tmp_path, scaling, unit):
    base = np.random.default_rng(0).normal(size=(20, 3))
    path, extreme = tmp_path / "base.npz", tmp_path / "base2.npz"
    np.savez(path, X=base, y=base[:, 0])
    np.savez(extreme, X=base * unit, y=base[:, 0] * unit)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = data._indices("base2.npz", 1, 20, 0)
        parts = data.split(extreme, 1, scaling)
        X = base[ours[0]]
        oracle = {
            "standard": lambda: (base - X.mean(0)) / X.std(0),
            "common": lambda: (base - X.mean()) / X.std(),
            "minmax": lambda: (base - X.min(0)) / np.ptp(X, 0),
        }
    sign = np.sign(unit)
    if scaling == "whiten":
        np.testing.assert_allclose(parts.train.X.T @ parts.train.X / 12, np.eye(3), atol=1e-9)
    elif scaling == "minmax" and sign < 0:
        np.testing.assert_allclose(parts.train.X.min(0), 0, atol=1e-15)
        np.testing.assert_allclose(parts.train.X.max(0), 1, rtol=1e-15)
    else:
        for part, own in zip(parts, ours, strict=True):
            np.testing.assert_allclose(part.X, sign * oracle[scaling]()[own], rtol=1e-6, atol=1e-7)
    target = base[:, 0]
    expected = sign * (target - target[ours[0]].mean()) / target[ours[0]].std()
    np.testing.assert_allclose(parts.test.y, expected[ours[2]], rtol=1e-6, atol=1e-7)


def test_columns_of_all_sizes_and_constant_ones_together(tmp_path):
    base = np.random.default_rng(1).normal(size=20)
    X = np.column_stack([base * 1e300, base * 1e-300, np.full(20, 0.1), np.full(20, 1e308), base])
    path = tmp_path / "a.npz"
    np.savez(path, X=X, y=base)
    parts = data.split(path, 1)
    for part in parts:
        np.testing.assert_allclose(part.X[:, 0], part.X[:, 4], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(part.X[:, 1], part.X[:, 4], rtol=1e-12, atol=1e-13)
        assert not part.X[:, 2:4].any()
    with pytest.raises(SettingError, match="a.npz: column 2 varies so little .* 'common' hides it"):
        data.split(path, 1, "common")
    with pytest.raises(SettingError, match="column 2 varies too little beside column 4 .*'whiten'"):
        data.split(path, 1, "whiten")


@pytest.mark.parametrize("scaling", ["standard", "common", "minmax", "whiten", "none"])
def test_an_example_far_from_the_training_part_is_refused_with_its_column(tmp_path, scaling):
    X = np.random.default_rng(2).normal(size=(20, 3)) * 1e-5
    path = tmp_path / "a.npz"
    row = data._indices("a.npz", 1, 20, 0)[data.TEST][1]
    X[row, 1] = -1e308
    np.savez(path, X=X, y=np.arange(20) % 2)
    if scaling == "none":
        assert data.split(path, 1, scaling).test.X[1, 1] == -1e308
        return
    message = rf"a.npz: column 2 is -1e\+308 in example {row + 1}, too far .*'{scaling}'"
    with warnings.catch_warnings(), pytest.raises(SettingError, match=message):
        warnings.simplefilter("error")
        data.split(path, 1, scaling)


@pytest.mark.parametrize(
    ("value", "message"), [(1e39, "1e.39, which is beyond"), (1e-50, "1e-50, which vanishes in")]
)
def test_what_float32_can_not_hold_is_refused_with_its_column(tmp_path, value, message):
    path = tmp_path / "a.npz"
    X = np.column_stack([np.arange(20.0), np.full(20, value)])
    np.savez(path, X=X, y=np.arange(20) % 2)
    net = declared(data=str(path), sizes=(2, 3, 2), batch=4, scaling="none")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(problem.build(net, "float64", 1).p).all()
        with pytest.raises(UserError, match=f"column 2 of X of .*a.npz has {message} the range of"):
            problem.build(net, "float32", 1)


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2),
        min_size=2, max_size=9,
    ),
    scaling=st.sampled_from(["standard", "common", "minmax", "whiten"]),
)  # fmt: skip
def test_scaled_training_parts_are_finite_and_of_size_one(values, scaling):
    from optbench.nets.scaling import fitted

    X = np.array(values)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            scaled = fitted(scaling, X)(X)
        except SettingError:
            assert scaling == "whiten"
            return
    varies = X.max(axis=0) > X.min(axis=0)
    if scaling == "common" and not varies.any():
        return  # constants of different sizes
    assert (np.abs(scaled[:, varies]) <= np.sqrt(X.size) * (1 + 1e-6)).all()
    if scaling in ("standard", "minmax"):
        assert not scaled[:, ~varies].any()
        assert (np.ptp(scaled, axis=0)[varies] > 0).all()


# ------------------------------------------------------------------------------------- NPZ and IDX


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


class Harmful:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (archive(x=FEATURES, y=FEATURES), "holds no array X; its arrays are 'x', 'y'; expected X"),
        (archive(x_train=FEATURES, y_train=FEATURES), "no array X and no array y; .*'x_train'"),
        (archive(), "its arrays are none; expected X .features. and y .targets."),
        (b"1,2,a\n", "is no NPZ file, it begins with 312c322c"),
        (b"", "is no NPZ file, it begins with nothing"),
        (b"\x93NUMPY", "is no NPZ file, it begins with 934e554d"),
        (pickle.dumps([1]), "is no NPZ file"),
        (archive(X=FEATURES, y=np.arange(6))[:-30], "is no NPZ file"),
        (archive(X=FEATURES, y=np.float64(1)), r"y is float64 \(\); expected integers \(6,\)"),
        (archive(X=np.float64(1), y=np.arange(6)), r"X is float64 \(\); expected numbers"),
        (archive(X=FEATURES, y=np.zeros((6, 0))), r"y is float64 \(6, 0\); expected"),
        (archive(X=FEATURES.astype(complex), y=np.arange(6)), "X is complex128"),
        (archive(X=FEATURES, y=np.array(WORDS)), "y is <U1"),
        (archive(X=FEATURES, y=np.array([1, 0, 1, 0, 1, np.nan])), "targets hold nan at example"),
        (archive(X=FEATURES.astype(np.longdouble) * 10 ** np.longdouble(400), y=np.arange(6) % 2),
         "features hold inf at example .and column. 1, 1"),
    ],
)  # fmt: skip
def test_archives_that_are_refused(tmp_path, content, message):
    path = written(tmp_path, content, "a.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused(path, message)
    with pytest.raises(SettingError) as caught:
        data.load(path)
    assert "allow_pickle" not in str(caught.value)


@pytest.mark.parametrize("name", ["X", "y"])
def test_objects_in_archives_are_never_loaded(tmp_path, name):
    trap = tmp_path / "trap"
    objects = np.array([Harmful(trap)] * 6, dtype=object)
    arrays = {"X": FEATURES, "y": np.arange(6) % 2} | {name: objects}
    path = written(tmp_path, archive(**arrays), "a.npz")
    refused(path, f"{name} holds Python objects, which are never loaded; .*numpy.asarray.{name}")
    refused(written(tmp_path, pickle.dumps(Harmful(trap)), "b.npz"), "is no NPZ file")
    assert not trap.exists()


def test_a_header_that_promises_too_much_asks_for_no_memory(tmp_path):
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 9), }"
    raw = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("X.npy", raw)
        file.writestr("y.npy", raw)
    with pytest.raises(SettingError, match="a.npz: X cannot be read|a.npz: does not fit into mem"):
        data.load(written(tmp_path, buffer.getvalue(), "a.npz"))
    promise = bytes([0, 0, 14, 3]) + b"\xff" * 12
    for content in (promise, gzip.compress(promise)):
        path = written(tmp_path, content, "images-idx3")
        written(tmp_path, idx(np.arange(6) % 2), "labels-idx1")
        refused(path, "header promises 633825299671[0-9]+ for shape")


PIXELS, DIGITS = np.arange(72).reshape(6, 4, 3), np.arange(6) % 3


@pytest.mark.parametrize("separator", ["-", "."])
@pytest.mark.parametrize(("packed", "labels_packed"), [(0, 0), (1, 1), (0, 1), (1, 0)])
def test_images_as_the_downloads_name_them(tmp_path, separator, packed, labels_packed):
    images = tmp_path / f"train-images{separator}idx3-ubyte{'.gz' * packed}"
    labels = tmp_path / f"train-labels{separator}idx1-ubyte{'.gz' * labels_packed}"
    images.write_bytes(gzip.compress(idx(PIXELS)) if packed else idx(PIXELS))
    labels.write_bytes(gzip.compress(idx(DIGITS)) if labels_packed else idx(DIGITS))
    table = data.load(images)
    np.testing.assert_array_equal(table.X, PIXELS.reshape(6, 12))
    np.testing.assert_array_equal(table.y, DIGITS)
    refused(labels, "of no known kind; .*; give the file with .images. instead")


def mnist(folder, name="{}-{}-{}", test=PIXELS):
    for part, pixels in (("train", PIXELS), ("t10k", test)):
        labels = np.arange(len(pixels)) % 3
        (folder / name.format(part, "images", "idx3-ubyte")).write_bytes(idx(pixels))
        (folder / name.format(part, "labels", "idx1-ubyte")).write_bytes(idx(labels))


@pytest.mark.parametrize("name", ["{}-{}-{}", "{}-{}.{}"])
def test_a_folder_with_originals_beside_what_was_unpacked(tmp_path, name):
    mnist(tmp_path, name)
    for path in list(tmp_path.iterdir()):  # torchvision leaves both
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    (tmp_path / "train-images-idx3-ubyte.d").mkdir()
    table = data.load(tmp_path)
    assert (table.X.shape, table.held_out) == ((12, 12), 6)


def test_folders_that_are_refused(tmp_path):
    (tmp_path / "raw").mkdir()
    refused(tmp_path, "holds 0 files train-images.*are they in .*raw")
    mnist(tmp_path, "{}-{}-{}")
    mnist(tmp_path, "{}-{}.{}")
    refused(tmp_path, "holds 2 files train-images.*; expected one")
    for other in tmp_path.glob("*.idx*"):
        other.unlink()
    mnist(tmp_path, test=np.zeros((0, 4, 3)))
    refused_part = r"promises 3 axes of sizes \(0, 4, 3\); expected .* none of them empty"
    with pytest.raises(SettingError, match=refused_part):
        data.load(tmp_path)
    mnist(tmp_path, test=PIXELS[:, :2])
    refused(tmp_path, "images have 12 pixels for training and 6 for testing")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx(PIXELS) + b"\0", "is more than 88 bytes long; its header promises 88"),
        (gzip.compress(idx(PIXELS) + b"\0" * 10**6), "is more than 88 bytes long unpacked"),
        (idx(PIXELS)[:9], "is 9 bytes long; its header promises"),
        (bytes([0, 0, 8, 200]) + b"\0\0\0\1" * 200 + b"\7", "promises 200 axes"),
        (bytes([0, 0, 8, 0, 7]), "promises 0 axes"),
        (gzip.compress(idx(PIXELS))[:-9], "cannot be read"),
    ],
)
def test_images_that_are_damaged(tmp_path, content, message):
    written(tmp_path, idx(DIGITS), "labels-idx1")
    refused(written(tmp_path, content, "images-idx3"), message)


# ------------------------------------------------------------------------------------------ paths


@pytest.mark.parametrize("name", [None, 5, "", b"a.csv", ["a.csv"], "a\0b.csv"])
def test_names_that_are_no_paths(name):
    with pytest.raises(SettingError, match="must be the name of a data set or the path of a file"):
        data.load(name)


def test_paths_that_can_not_be_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    refused(tmp_path / "pipe.csv", "is no regular file")
    refused(tmp_path / "none.csv", "no such file")
    refused(written(tmp_path, rows()) / "below.csv", "cannot be read .Not a directory.")
    refused(tmp_path / ("a" * 300 + ".csv"), "cannot be read .File name too long.")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    refused(tmp_path / "loop.csv", "cannot be read")
    refused(written(tmp_path, rows(), "a.csv.gz"), "of no known kind")
    with pytest.raises(SettingError, match="unknown data set"):
        data.load("a" * 5000)


def test_a_file_that_changes_is_read_again_and_its_neighbours_do_not_matter(tmp_path):
    path = written(tmp_path, rows())
    first = data.load(path)
    written(tmp_path, "other", "other.txt")
    assert data.load(path) is first
    os.utime(path, (1, 1))
    assert data.load(path) is not first


# ------------------------------------------------------------------------------------------- fuzz


def contents(folder):
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def read_or_refused(folder, name, content, wanted=None):
    """Read a file; what comes is finite and complete, or one message that names the file."""
    path = folder / name
    path.write_bytes(content)
    before = contents(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            X, targets, _ = files.read(path)
            table = data.load(path, wanted)
        except SettingError as error:
            assert name in str(error)
            assert len(str(error)) < 1000
            table = None
    assert contents(folder) == before
    if table is not None:
        assert np.isfinite(table.X).all() and np.isfinite(table.y).all()
        assert len(table.X) == len(table.y) == len(X) >= 5
        assert len(targets.values) == len(X)
    return table


fuzz = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CELLS = st.sampled_from(
    [
        "1",
        "2.5",
        "-3e2",
        "0,5",
        "1,234",
        "a",
        "b",
        "NA",
        "",
        '"x"',
        '"',
        "#",
        " 7 ",
        "1_0",
        "inf",
        "é",
    ]
) | st.text(max_size=4)
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


@fuzz
@given(
    table=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=9),
    separator=st.sampled_from([",", ";", "\t", " "]),
    end=ENDS,
    wanted=st.sampled_from([None, "classes", "numbers"]),
)
def test_fuzz_of_texts(tmp_path, table, separator, end, wanted):
    text = end.join(separator.join(row) for row in table)
    read_or_refused(tmp_path, "a.csv", text.encode("utf-8", "surrogatepass"), wanted)


@fuzz
@given(
    numbers=st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
        min_size=5, max_size=9, unique_by=lambda row: row[2],
    ),
    spelling=st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")]),
    end=ENDS,
    head=st.sampled_from(["", "\ufeff", "x,y,z\n", "# a, b; c\n"]),
)  # fmt: skip
def test_fuzz_of_numbers(tmp_path, numbers, spelling, end, head):
    separator, point = spelling
    text = head.replace(",", separator) + end.join(
        separator.join(repr(value).replace(".", point) for value in row) for row in numbers
    )
    table = read_or_refused(tmp_path, "a.csv", text.encode(), "numbers")
    if table is None:  # each cell is like 1,234
        assert point == ","
        return
    np.testing.assert_array_equal(table.X, np.array(numbers)[:, :2])
    np.testing.assert_array_equal(table.y, np.array(numbers)[:, 2])


def damaged(draw, content):
    """Return bytes with some of them changed, cut out or put in."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        match draw(st.sampled_from(["change", "cut", "insert"])):
            case "change":
                content[at : at + 1] = draw(st.binary(min_size=1, max_size=2))
            case "cut":
                del content[at : at + draw(st.integers(1, 40))]
            case "insert":
                content[at:at] = draw(st.binary(max_size=8))
    return bytes(content)


@fuzz
@given(st.data())
def test_fuzz_of_damaged_archives(tmp_path, drawn):
    buffer = io.BytesIO()
    save = drawn.draw(st.sampled_from([np.savez, np.savez_compressed]))
    save(buffer, X=FEATURES, y=np.arange(6) % 2)
    read_or_refused(tmp_path, "a.npz", damaged(drawn.draw, buffer.getvalue()))


@fuzz
@given(st.data())
def test_fuzz_of_damaged_images(tmp_path, drawn):
    (tmp_path / "labels-idx1").write_bytes(idx(DIGITS))
    pack = drawn.draw(st.sampled_from([bytes, gzip.compress]))
    content = pack(damaged(drawn.draw, idx(PIXELS)))
    if drawn.draw(st.booleans()):
        content = damaged(drawn.draw, content)
    read_or_refused(tmp_path, "images-idx3", content)


@fuzz
@given(content=st.binary(max_size=200), name=st.sampled_from(["a.csv", "a.npz", "images"]))
def test_fuzz_of_bytes(tmp_path, content, name):
    (tmp_path / "labels").write_bytes(idx(DIGITS))
    read_or_refused(tmp_path, name, content)


# ----------------------------------------------------------------------------- one way to the lanes


def test_lanes_in_float32_are_refused_with_the_column(tmp_path):
    X = np.column_stack([np.arange(20.0), np.arange(20) * 1e38])
    path = tmp_path / "a.npz"
    np.savez(path, X=X, y=X[:, 0])

    @define.problem(start=0.0, dim=2, data=str(path), batch=4)
    def mean_square(x, p, q, stream, t, full):
        n_train, features = q[0], q[3]
        f = 0.0
        for row in range(n_train):
            for i in range(features):
                f += (x[i] * p[row * features + i]) ** 2
        return f / n_train

    made = making.make(mean_square, None, 1)
    made.check_range("float32")  # scaled, all is well
    far = X.copy()
    far[data.split_indices(str(path), 1)[data.TEST][0], 1] = 1e300
    np.savez(path, X=far, y=X[:, 0])
    assert making.make(mean_square, None, 1) is not made  # the file has changed
    made = making.make(mean_square, None, 1)
    made.check_range("float64")
    with pytest.raises(SettingError, match="column 2 of X of .*a.npz has .* beyond the range"):
        lanes.program(made, None, "float32")
    path.unlink()
    with pytest.raises(
        DefinitionError, match=r"test_input_files.py:\d+: mean_square: .*no such fil"
    ):
        making.make(mean_square, None, 1)


def test_what_a_net_is_asked_in_float32_is_refused_with_the_column():
    net = optbench.nets.MLP((2, 2, 1), "tanh", "mse", dtype="float32")
    X = np.array([[1.0, 2.0], [3.0, 1e39]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            SettingError, match="column 2 of X has 1e.39, which is beyond the range"
        ):
            examples.features(net, X)
        with pytest.raises(
            SettingError, match="column 1 of y has 1e-99, which vanishes in the ran"
        ):
            examples.targets(net, np.array([1e-99, 0.0]), 2)
        assert examples.features(net, [[1, 2]]).dtype == np.float32


def test_classes_are_chosen_by_what_the_file_calls_them(tmp_path):
    facts = dict(batch=1, sizes=(2, 3, 2))
    text = "".join(f"{i},{-i},{'579'[i % 3]}\n" for i in range(30))
    path = str(written(tmp_path, text))
    built = problem.build(declared(data=path, classes=(9, 5), **facts), "float64", 1)
    n = int(built.q[:3].sum())
    X, y = built.p[: 2 * n].reshape(n, 2)[:, 0], built.p[2 * n : 3 * n]
    raw = data.load(path, "classes").X[:, 0]
    known = raw[data.split_indices(path, 1, "classes")[0]]
    example = np.rint(X * known.std() + known.mean()).astype(int)
    np.testing.assert_array_equal(y, np.where(example % 3 == 2, 0, 1))
    assert n == 20
    with pytest.raises(UserError, match=r"classes is \(0, 1\); .*each once \(5, 7, 9\)"):
        problem.build(declared(data=path, classes=(0, 1), **facts), "float64", 1)
    with pytest.raises(UserError, match=r"it must be 3 \(the classes are 5, 7, 9\)"):
        problem.build(declared(data=path, **facts), "float64", 1)
    lines = "".join(f"{i},{-i},{('red', 'green', 'blue')[i % 3]}\n" for i in range(30))
    words = str(written(tmp_path, lines, "b.csv"))
    named, numbered = (
        problem.build(declared(data=words, classes=chosen, **facts), "float64", 1).p
        for chosen in (("red", "blue"), (2, 0))
    )
    np.testing.assert_array_equal(named, numbered)
    with pytest.raises(UserError, match="with mse it must be 3 .the classes are 'blue', 'gre"):
        problem.build(declared(data=words, loss="mse", **facts | {"sizes": (2, 1)}), "float64", 1)


def test_data_are_named_by_paths_too(tmp_path):
    net = declared(data=written(tmp_path, rows()), sizes=(2, 3, 2), batch=1)
    assert making.make(net, None, 1).frame.q[3] == 2
    assert len(identity.of_problem(making.make(net, None, 1))) > 10
