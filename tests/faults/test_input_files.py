"""Files that people have: each is read as it is meant, or refused with file, line and remedy."""

import os

import numpy as np
import pytest

from optbench.catalog import building, identity
from optbench.errors import SettingError, UserError
from optbench.nets import data, net_problem
from tests.faults.inputs import FEATURES, WORDS, refused, rows, written
from tests.nets.helpers import tumours

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
        built = net_problem.build(
            tumours(loss=loss, sizes=(2, 4, outputs), **facts | more), "float64", 1
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


def test_classes_are_chosen_by_what_the_file_calls_them(tmp_path):
    facts = dict(batch=1, sizes=(2, 3, 2))
    text = "".join(f"{i},{-i},{'579'[i % 3]}\n" for i in range(30))
    path = str(written(tmp_path, text))
    built = net_problem.build(tumours(data=path, classes=(9, 5), **facts), "float64", 1)
    n = int(built.q[:3].sum())
    X, y = built.p[: 2 * n].reshape(n, 2)[:, 0], built.p[2 * n : 3 * n]
    raw = data.load(path, "classes").X[:, 0]
    known = raw[data.split_indices(path, 1, "classes")[0]]
    example = np.rint(X * known.std() + known.mean()).astype(int)
    np.testing.assert_array_equal(y, np.where(example % 3 == 2, 0, 1))
    assert n == 20
    with pytest.raises(UserError, match=r"classes is \(0, 1\); .*each once \(5, 7, 9\)"):
        net_problem.build(tumours(data=path, classes=(0, 1), **facts), "float64", 1)
    with pytest.raises(UserError, match=r"it must be 3 \(the classes are 5, 7, 9\)"):
        net_problem.build(tumours(data=path, **facts), "float64", 1)
    lines = "".join(f"{i},{-i},{('red', 'green', 'blue')[i % 3]}\n" for i in range(30))
    words = str(written(tmp_path, lines, "b.csv"))
    named, numbered = (
        net_problem.build(tumours(data=words, classes=chosen, **facts), "float64", 1).p
        for chosen in (("red", "blue"), (2, 0))
    )
    np.testing.assert_array_equal(named, numbered)
    with pytest.raises(UserError, match="with mse it must be 3 .the classes are 'blue', 'gre"):
        net_problem.build(
            tumours(data=words, loss="mse", **facts | {"sizes": (2, 1)}), "float64", 1
        )


def test_data_are_named_by_paths_too(tmp_path):
    net = tumours(data=written(tmp_path, rows()), sizes=(2, 3, 2), batch=1)
    assert building.make(net, None, 1).placement.q[3] == 2
    assert len(identity.problem_identity(building.make(net, None, 1))) > 10
