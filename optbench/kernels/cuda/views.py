"""Views of arrays on CUDA, as intrinsics: compiled functions could not return them.

The simulator needs none of them: there the plain functions of `onelane` and `primitives` do.
"""

from typing import Any

from optbench.kernels.cuda.device import SIMULATED
from optbench.kernels.memory.pointers import placing
from optbench.kernels.simd.array_views import View, composed, opened, view_of

if not SIMULATED:
    from numba.cuda import cgutils, types
    from numba.cuda.extending import intrinsic
    from numba.cuda.np.arrayobj import populate_array


def views() -> dict[str, Any]:
    """Return what gives views of arrays; compiled functions could not return them."""
    if SIMULATED:
        return {}

    @intrinsic
    def rows(typing, block, lane):
        """Return column `lane` of an array, of one dimension less."""
        kind = block.copy(ndim=block.ndim - 1, layout="A")

        def generate(context, builder, sig, values):
            array = context.make_array(sig.args[0])(context, builder, value=values[0])
            shape = cgutils.unpack_tuple(builder, array.shape, block.ndim)[:-1]
            strides = cgutils.unpack_tuple(builder, array.strides, block.ndim)
            return _view(context, builder, kind, array, shape, strides[:-1], strides[-1], values[1])

        return kind(block, types.intp), generate

    @intrinsic
    def column(typing, block, lane):
        """Return column `lane` of an array, its axis kept."""
        kind = block.copy(layout="A")

        def generate(context, builder, sig, values):
            array = context.make_array(sig.args[0])(context, builder, value=values[0])
            shape = cgutils.unpack_tuple(builder, array.shape, block.ndim)[:-1]
            strides = cgutils.unpack_tuple(builder, array.strides, block.ndim)
            one = context.get_constant(types.intp, 1)
            return _view(
                context, builder, kind, array, [*shape, one], strides, strides[-1], values[1]
            )

        return kind(block, types.intp), generate

    place = _as_it_is()
    return dict(
        rows=rows, fixed_rows=rows, column=column, entry=_entry(), place=place, fetch=place,
        spare=place, spare_from=_spare_from(), kept_from=_kept_from(),
    )  # fmt: skip


def _spare_from() -> Any:
    """Return ``spare_from(work, first, count)``."""

    @intrinsic
    def spare_from(typing, work, first, count):
        """Return `count` numbers from `first` on, a view."""

        def generate(context, builder, sig, values):
            return _numbers_from(context, builder, sig.args[0], values[0], values[1], values[2])

        return work(work, types.intp, types.intp), generate

    return spare_from


def _kept_from() -> Any:
    """Return ``kept_from(work, spares, first, columns, lane)``."""

    @intrinsic
    def kept_from(typing, work, spares, first, columns, lane):
        """Return the numbers behind `spares` and one more, from `first` on, a view."""

        def generate(context, builder, sig, values):
            array = context.make_array(sig.args[0])(context, builder, value=values[0])
            count = cgutils.unpack_tuple(builder, array.shape, 1)[0]
            place = builder.add(builder.add(values[1], values[2]), values[1].type(1))
            rest = builder.sub(count, place)
            return _numbers_from(context, builder, sig.args[0], values[0], place, rest)

        return work(work, *[types.intp] * 4), generate

    return kept_from


def _numbers_from(context, builder, kind, work, first, count):
    """Return so many numbers of an array from `first` on."""
    array = context.make_array(kind)(context, builder, value=work)
    strides = cgutils.unpack_tuple(builder, array.strides, 1)
    return _view(context, builder, kind, array, [count], strides, strides[0], first)


def _entry() -> Any:
    """Return ``entry(block, number)``."""

    @intrinsic
    def entry(typing, block, number):
        """Return entry `number` of an array along its first axis, a view.

        Its address is found once; what `block[number]` gives finds it anew at every index.
        """
        kind = block.copy(ndim=block.ndim - 1)

        def generate(context, builder, sig, values):
            array = context.make_array(sig.args[0])(context, builder, value=values[0])
            shape = cgutils.unpack_tuple(builder, array.shape, block.ndim)[1:]
            first, *strides = cgutils.unpack_tuple(builder, array.strides, block.ndim)
            return _view(context, builder, kind, array, shape, strides, first, values[1])

        return kind(block, types.intp), generate

    return entry


def _view(context, builder, kind, array, shape, strides, step, lane):
    """Return an array of another shape whose first number is `lane` steps further on."""
    view = context.make_array(kind)(context, builder)
    first = builder.bitcast(array.data, cgutils.voidptr_t)
    data = builder.bitcast(builder.gep(first, [builder.mul(lane, step)]), array.data.type)
    populate_array(view, data, shape, strides, array.itemsize, array.meminfo)
    return view._getvalue()


def net_views() -> dict[str, Any]:
    """Return what kernels of nets have in place of arrays: see `simd.array_views`.

    A view takes two words or three where an array takes seven or nine, and functions that are
    called take dozens of them.
    """
    if SIMULATED:
        return {}
    return dict(
        viewed=_viewed(), address=placing(intrinsic), place=_as_it_is(), fetch=_as_it_is(),
        **_parts(),
    )  # fmt: skip


def _parts() -> dict[str, Any]:
    """Return what gives views that begin anywhere in a view or an array."""

    def generate(context, builder, sig, values):
        data, _ = opened(context, builder, sig.args[0], values[0])
        first = builder.gep(data, [values[1]])
        return composed(context, builder, sig.return_type, first, values[2:])

    @intrinsic
    def vector(typing, v, start, n):
        """Return `n` numbers from place `start` on."""
        return View(v.dtype, 1)(v, *[types.intp] * 2), generate

    @intrinsic
    def matrix(typing, v, start, rows, columns):
        """Return ``v[start:]`` as a matrix."""
        return View(v.dtype, 2)(v, *[types.intp] * 3), generate

    @intrinsic
    def cube(typing, v, start, a, b, c):
        """Return ``v[start:]`` as a view of three dimensions."""
        return View(v.dtype, 3)(v, *[types.intp] * 4), generate

    return dict(vector=vector, matrix=matrix, cube=cube)


def _viewed() -> Any:
    """Return ``viewed(group)``."""

    @intrinsic
    def viewed(typing, group):
        """Return a group with views in place of its arrays."""
        kinds = types.NamedTuple([view_of(kind) for kind in group.types], group.instance_class)

        def generate(context, builder, sig, values):
            fields = []
            for number, kind in enumerate(group.types):
                field = builder.extract_value(values[0], number)
                if isinstance(kind, types.Array):
                    parts = opened(context, builder, kind, field)
                    field = composed(context, builder, view_of(kind), *parts)
                fields.append(field)
            return context.make_tuple(builder, sig.return_type, fields)

        return kinds(group), generate

    return viewed


def _as_it_is() -> Any:
    """Return what hands on a group as it is: its callers and callees are one function."""

    @intrinsic
    def place(typing, group):
        return group(group), lambda context, builder, sig, values: values[0]

    return place
