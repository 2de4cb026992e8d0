"""The four primitives that every layer of a net is written on, and how layers get at memory.

A layer is one plain function that serves two targets. On the CPU one thread owns a whole net, so
a share of a range is all of it and a sum needs nobody else. On CUDA a block of threads owns a
net: `span` then strides over the range by thread, `total` sums over the block, `sync` is the
block's barrier and `matmul` shares out the elements of C; `kernels.cuda.primitives` has what takes
the place of these functions there. Layers keep to three rules so that both are right:

- Whoever writes an element alone reads it until the next `sync`. Elementwise loops over a matrix
  run over all rows outside and over ``span(columns)`` inside, which vectorises on the CPU and
  reads adjacent addresses on CUDA, and makes column sums (bias gradients) private to a thread.
- `total` returns the sum on every thread. `matmul` (with its kin in `products.matmul`) begins and
  ends in step: its operands are complete (a `sync` came before), and C is complete when it returns.
- Nothing is allocated; buffers are arguments.

`wide`, `get` and `put` are `span` and indexing for formulas that the compiler does not vectorise
by itself, such as those with exp: on the CPU ``get(v, c)`` is a Vec of `lanes(v)` neighbours, on
CUDA (and in plain Python) one number. What a loop over ``wide(v, n)`` touches must be a multiple
of `lanes` long; buffers are therefore padded (see `optbench.nets.packing`).

In plain Python the functions mean the same on NumPy arrays.
"""

from numba.np.numpy_support import as_dtype

from optbench.kernels.memory.drawn import keep, recall
from optbench.kernels.products.matmul import matmul, matmul_at, matmul_strided
from optbench.kernels.products.overloading import on_cpu
from optbench.kernels.products.views import view
from optbench.kernels.simd.access import access
from optbench.kernels.simd.vec import Vec
from optbench.kernels.sizes import WIDTHS

# -------------------------------------------------------------------------------------- threads


def span(n):
    """Return this thread's share of ``range(n)``."""
    return range(n)


def total(v):
    """Return the sum of `v` over the threads of a net, and over the lanes of a Vec."""
    return v


def sync():
    """Wait until every thread of a net is here and sees what the others wrote."""


def anywhere(condition):
    """Say whether a condition holds on any thread of a net."""
    return condition


def greatest(v):
    """Return the largest number of all threads of a net, and of the lanes of a Vec."""
    return v


# -------------------------------------------------------------------------------------- memory


def matrix(v, start, rows, columns):
    """Return ``v[start:]`` as a matrix [rows, columns], a view."""
    return v[start : start + rows * columns].reshape(rows, columns)


def vector(v, start, n):
    """Return `n` numbers from place `start` of the array `v` (read row by row), a view."""
    return v.reshape(-1)[start : start + n]


def lanes(v):
    """Return how many neighbours `get` takes from `v` at once."""
    return 1


def wide(v, n):
    """Return this thread's share of the places 0, lanes(v), 2 lanes(v), ... below `n`."""
    return range(n)


def get(v, c):
    """Return the neighbours of `v` that begin at place `c`."""
    return v[c]


def put(v, c, value):
    """Write to `v`, from place `c` on, what `get` would return."""
    v[c] = value


def apart(v, c, step):
    """Return as many numbers of `v` as `get` does, from place c on, `step` places apart."""
    return v[c]


def cyclic(v, c, n):
    """Return what `get` would if the first `n` numbers of `v` were repeated without end."""
    return v[c % n]


def gives_view(function):
    """Mark a function that returns a view of an array: CUDA has to build it into its callers."""
    function.gives_view = True
    return function


def called(function):
    """Mark a function that CUDA calls; all others of a net are built into their callers.

    Each function that is called saves the registers of its callers that it takes, so that few are.
    """
    function.is_called = True
    return function


PRIMITIVES = (
    span, total, sync, anywhere, greatest, matmul, matmul_strided, matmul_at, matrix, vector, lanes,
    wide, get, put, apart, cyclic, recall, keep,
)  # fmt: skip
"""What compiled code knows by overload."""


# ------------------------------------------------------------------------------------ on the CPU


on_cpu(span)(lambda n: span)
on_cpu(sync)(lambda: sync)
on_cpu(anywhere)(lambda condition: anywhere)


def _vec(v):
    return Vec(v.dtype, WIDTHS[as_dtype(v.dtype)])


@on_cpu(total)
def _total(v):
    if isinstance(v, Vec):
        sum_lanes = access(v)["sum_lanes"]
        return lambda v: sum_lanes(v)
    return total


@on_cpu(greatest)
def _greatest(v):
    if isinstance(v, Vec):
        greatest_lane = access(v)["greatest_lane"]
        return lambda v: greatest_lane(v)
    return greatest


@on_cpu(lanes)
def _lanes(v):
    width = _vec(v).width
    return lambda v: width


@on_cpu(wide)
def _wide(v, n):
    width = _vec(v).width
    return lambda v, n: range(0, n, width)


@on_cpu(get)
def _get(v, c):
    load = access(_vec(v))["load"]
    return lambda v, c: load(v, c)


@on_cpu(apart)
def _apart(v, c, step):
    load = access(_vec(v))["load_apart"]
    return lambda v, c, step: load(v, c, step)


@on_cpu(cyclic)
def _cyclic(v, c, n):
    load = access(_vec(v))["load_cyclic"]
    return lambda v, c, n: load(v, c, n)


@on_cpu(put)
def _put(v, c, value):
    store = access(_vec(v))["store"]
    return lambda v, c, value: store(v, c, value)


@on_cpu(matrix)
def _matrix(v, start, rows, columns):
    return lambda v, start, rows, columns: view(v, start, (rows, columns))


@on_cpu(vector)
def _vector(v, start, n):
    return lambda v, start, n: view(v, start, (n,))
