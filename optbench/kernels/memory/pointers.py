"""Groups of arrays in memory: how functions hand over dozens of arrays as one address.

An array by value is seven to nine words, and Numba counts references to it with atomic operations;
at nanoseconds a step both would be most of the time, and a function with fifty such arguments takes
seconds to compile. So a named tuple of C-ordered arrays and numbers is written down as 64-bit
words (of an array its address and shape, of a number itself), and functions take the address. An
attribute of a `Pointer` reads one field, of an array as a view (see `simd.array_views`);
`fetching.fetch` gives arrays. Neither owns anything, so the originals must outlive the call. Each
target's Numba is taught that by `install`.
"""

import ctypes
import functools
import hashlib
import struct
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_getattr_generic
from numba.core.typing import templates
from numba.extending import intrinsic, models, register_model
from numba.np.numpy_support import as_dtype
from numpy.typing import DTypeLike, NDArray

from optbench.kernels.simd.array_views import array_of, composed, opened, view_of

WORD = ir.IntType(64)


class Pointer(types.Type):
    """Type of the address of a group.

    Parameters
    ----------
    cls : NamedTuple class
    kinds : tuple of numba types
        Of its fields: C-ordered arrays, integers, floats.
    lasting : bool
        Whether the words were there before the code that reads them runs, and stay as they are:
        then no store makes it read them again. Those that `place` writes may not be.
    """

    def __init__(
        self, cls: type[NamedTuple], kinds: Iterable[types.Type], lasting: bool = True
    ) -> None:
        self.cls, self.kinds, self.lasting = cls, tuple(kinds), lasting
        sizes = [1 + kind.ndim if isinstance(kind, types.Array) else 1 for kind in self.kinds]
        self.places = [sum(sizes[:i]) for i in range(len(sizes))]
        self.size = sum(sizes)
        self.dtypes = [
            as_dtype(kind.dtype) if isinstance(kind, types.Array) else None for kind in self.kinds
        ]
        names = zip(cls._fields, self.kinds, self.dtypes, strict=True)
        self.fields = [(*field, getattr(field[1], "ndim", 0)) for field in names]
        how = "" if lasting else ", placed"
        super().__init__(f"Pointer({cls.__module__}.{cls.__name__}, {self.kinds}{how})")

    def same_words(self, other: types.Type) -> bool:
        """Say whether another Pointer's words are written down alike."""
        return isinstance(other, Pointer) and (self.cls, self.kinds) == (other.cls, other.kinds)

    @property
    def mangling_args(self) -> tuple[str, tuple]:
        """What the symbols of functions that take it are named after: kinds would be kilobytes."""
        digest = hashlib.sha256(self.name.encode()).hexdigest()
        return f"{self.cls.__name__}_{digest[:12]}", ()


class PointerModel(models.PrimitiveModel):
    """The address of the first word."""

    def __init__(self, manager, fe_type):
        super().__init__(manager, fe_type, WORD.as_pointer())


@functools.cache
def pointer_type(cls: type[NamedTuple], specs: str, dtype: DTypeLike) -> Pointer:
    """Return the `Pointer` type of a group.

    Parameters
    ----------
    cls : NamedTuple class
    specs : str
        For each field a kind ("f" the dtype, "i" int64, "u" uint64) and a dimension, 0 for numbers.
    dtype : numpy.dtype
    """
    scalars = {"f": numba.from_dtype(np.dtype(dtype)), "i": types.int64, "u": types.uint64}
    return Pointer(
        cls,
        [
            types.Array(scalars[kind], int(ndim), "C") if ndim != "0" else scalars[kind]
            for kind, ndim in specs.split()
        ],
    )


def words(group: NamedTuple, pointer: Pointer) -> NDArray[np.int64]:
    """Write a named tuple down for compiled code: int64 [pointer.size]. It keeps nothing alive.

    Raises
    ------
    TypeError
        If a field is not what the Pointer type says.
    """
    written: list[int] = []
    for value, (name, kind, dtype, ndim) in zip(group, pointer.fields, strict=True):
        if dtype is not None:
            # Asking Numba for the type of an array takes as long as thousands of steps.
            fits = isinstance(value, np.ndarray) and value.dtype == dtype and value.ndim == ndim
            if not fits or not value.flags.c_contiguous:
                raise TypeError(f"{name} is {numba.typeof(value)}, expected {kind}")
            written.append(address(value))
            written.extend(value.shape)
        elif kind is types.float64:
            written += struct.unpack("<q", struct.pack("<d", value))
        elif kind is types.float32:
            written += struct.unpack("<q", struct.pack("<fxxxx", value))
        else:
            written.append(int(value))
    return np.array(written, np.int64)


def address(array: np.ndarray) -> int:
    """Return where the elements of an array begin; 0 where it has none.

    `ctypes.data` says the same, and takes five times as long.
    """
    if not array.size:
        return 0
    try:
        return _address_of(_view_of(array))
    except TypeError:  # it may only be read
        return int(array.ctypes.data)


_view_of, _address_of = ctypes.c_char.from_buffer, ctypes.addressof


# ------------------------------------------------------------------------------ in compiled code


def _slot(builder, address, number):
    return builder.gep(address, [ir.Constant(ir.IntType(32), number)])


def _load(builder, pointer, slot):
    """Read a word, once and for all where it stays as it is."""
    word = builder.load(slot)
    if pointer.lasting:
        word.set_metadata("invariant.load", builder.module.add_metadata([]))
    return word


def read_field(context, builder, pointer, address, number):
    """Return a field as an LLVM value, an array as a view."""
    kind, place = pointer.kinds[number], pointer.places[number]
    if not isinstance(kind, types.Array):
        number_type = context.get_value_type(kind).as_pointer()
        return _load(builder, pointer, builder.bitcast(_slot(builder, address, place), number_type))
    data, *lengths = [
        _load(builder, pointer, _slot(builder, address, place + i)) for i in range(1 + kind.ndim)
    ]
    data = builder.inttoptr(data, context.get_data_type(kind.dtype).as_pointer())
    return composed(context, builder, view_of(kind), data, lengths)


def _write(context, builder, pointer, address, number, kind, value):
    """Store an LLVM value of the type `kind` as a field."""
    place = pointer.places[number]
    if not isinstance(pointer.kinds[number], types.Array):
        slot = _slot(builder, address, place)
        builder.store(value, builder.bitcast(slot, value.type.as_pointer()))
        return
    data, lengths = opened(context, builder, kind, value)
    builder.store(builder.ptrtoint(data, WORD), _slot(builder, address, place))
    for i, length in enumerate(lengths, 1):
        builder.store(length, _slot(builder, address, place + i))


def _field(context, builder, pointer, address, name):
    return read_field(context, builder, pointer, address, pointer.cls._fields.index(name))


def install(target_numba: Any) -> None:
    """Teach a target to read the fields of groups.

    Parameters
    ----------
    target_numba : namespace
        Of Numba's or its CUDA target's ``register_model``, ``AttributeTemplate``,
        ``infer_getattr`` and ``lower_getattr_generic``.
    """
    target_numba.register_model(Pointer)(PointerModel)

    class Fields(target_numba.AttributeTemplate):
        key = Pointer

        def generic_resolve(self, pointer, name):
            fields = pointer.cls._fields
            return view_of(pointer.kinds[fields.index(name)]) if name in fields else None

    target_numba.infer_getattr(Fields)
    target_numba.lower_getattr_generic(Pointer)(_field)


install(
    SimpleNamespace(
        register_model=register_model, AttributeTemplate=templates.AttributeTemplate,
        infer_getattr=templates.infer_getattr, lower_getattr_generic=lower_getattr_generic,
    )
)  # fmt: skip


def placing(target_intrinsic: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``place(group)`` of a target, given its ``intrinsic``."""

    @target_intrinsic
    def place(typing, group):
        """Write a named tuple of arrays, views and numbers into memory of this function.

        It returns the address.
        """
        if not isinstance(group, types.BaseNamedTuple):
            return None
        kinds = (array_of(types.unliteral(kind)) for kind in group.types)
        pointer = Pointer(group.instance_class, kinds, lasting=False)

        def generate(context, builder, sig, values):
            address = cgutils.alloca_once(builder, WORD, pointer.size)
            fields = cgutils.unpack_tuple(builder, values[0], len(group.types))
            for number, (kind, value) in enumerate(zip(group.types, fields, strict=True)):
                _write(context, builder, pointer, address, number, kind, value)
            return address

        return pointer(group), generate

    return place


place = placing(intrinsic)


@functools.cache
def at(pointer: Pointer) -> Callable[[int], Any]:
    """Return what turns an address (int64) into a `Pointer` of the type `pointer`."""

    @intrinsic
    def to_pointer(typing, address):
        def generate(context, builder, sig, values):
            return builder.inttoptr(values[0], WORD.as_pointer())

        return pointer(types.int64), generate

    return to_pointer
