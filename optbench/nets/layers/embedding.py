"""Embeddings of tokens."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.errors import SettingError
from optbench.nets.layers.layer import Layer, came, whole_of
from optbench.nets.layers.tensor import Tensor
from optbench.nets.tape.operations import NUMBERS

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Value

MOST_TOKENS = 2**24
"""Whole numbers up to this are exact in float32, as which tokens reach the kernels."""


@dataclass(frozen=True)
class Embedding(Layer):
    """A vector for every token: ``torch.nn.Embedding(vocabulary, n)``.

    Examples of shape (time,) hold tokens, whole numbers 0 .. vocabulary - 1, and become (time, n).
    It comes first: tokens have no gradient.

    Parameters
    ----------
    vocabulary : int
        How many tokens there are.
    n : int
        Numbers of a vector.

    Notes
    -----
    Tensor: ``weight`` [vocabulary, n], standard normal with the scheme "torch". To other schemes a
    unit has one input, since of all tokens one is there.
    """

    vocabulary: int
    n: int

    def __post_init__(self) -> None:
        whole_of(self, "vocabulary")
        whole_of(self, "n")
        gate.whole("vocabulary", self.vocabulary, 1, MOST_TOKENS)

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (time, n)."""
        if len(shape) != 1 or shape[0] < 1:
            raise came(shape, "(time,), a sequence of 1 or more tokens")
        return (*shape, self.n)

    def tensors(self, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return the vectors."""
        return (Tensor("weight", (self.vocabulary, self.n), 1, self.n, "normal"),)

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record.

        Raises
        ------
        SettingError
            If the values are not those of the examples.
        """
        givers = [one.operation for one in tape.records if one.output == value]
        if givers not in ([], [NUMBERS["split_lengths"]]):
            raise SettingError("the outputs of a layer came, expected tokens: it must come first")
        (weight,) = self.tensors(value.shape)
        own = [tape.parameter(weight), self.n]
        return tape.record("embedding", value, self.output(value.shape), own)

    def check(self, tokens: NDArray[Any]) -> None:
        """Refuse tokens [examples, time] that are not in the vocabulary.

        Raises
        ------
        SettingError
            The message says which token of which example is what.
        """
        fine = (tokens >= 0) & (tokens < self.vocabulary) & (tokens == np.floor(tokens))
        if not np.all(fine):
            example, step = np.argwhere(~fine)[0]
            raise SettingError(
                f"token {step} of example {example} is {gate.shown(tokens[example, step])}; "
                f"{self.shown()} takes whole numbers in 0 .. {self.vocabulary - 1}"
            )
