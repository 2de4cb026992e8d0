"""NPZ archives and IDX images, as their downloads leave them; pickles are never loaded."""

import gzip
import io
import pickle
import warnings
import zipfile

import numpy as np
import pytest

from optbench.errors import SettingError
from optbench.nets import data
from tests.faults.inputs import DIGITS, FEATURES, PIXELS, WORDS, idx, refused, written
from tests.hostile import Trap


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


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
    objects = np.array([Trap(trap)] * 6, dtype=object)
    arrays = {"X": FEATURES, "y": np.arange(6) % 2} | {name: objects}
    path = written(tmp_path, archive(**arrays), "a.npz")
    refused(path, f"{name} holds Python objects, which are never loaded; .*numpy.asarray.{name}")
    refused(written(tmp_path, pickle.dumps(Trap(trap)), "b.npz"), "is no NPZ file")
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
        (
            gzip.compress(idx(PIXELS) + b"\0" * 10**6, mtime=0),
            "is more than 88 bytes long unpacked",
        ),
        (idx(PIXELS)[:9], "is 9 bytes long; its header promises"),
        (bytes([0, 0, 8, 200]) + b"\0\0\0\1" * 200 + b"\7", "promises 200 axes"),
        (bytes([0, 0, 8, 0, 7]), "promises 0 axes"),
        (gzip.compress(idx(PIXELS), mtime=0)[:-9], "cannot be read"),
    ],
)
def test_images_that_are_damaged(tmp_path, content, message):
    written(tmp_path, idx(DIGITS), "labels-idx1")
    refused(written(tmp_path, content, "images-idx3"), message)
