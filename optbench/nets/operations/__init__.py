"""What the records of a tape do: a file a kind, each with `forward` and `backward`.

Both are plain functions on the primitives (see `optbench.kernels.products.primitives`):

- ``forward(params, q, work, r, rows, mode, t, key)`` fills the buffer OUT of the record at `r`.
- ``backward(params, grads, q, work, r, rows, mode, t, key, first)`` reads D_OUT, which is complete,
  adds to the gradient of the record's tensors, and writes D_IN, or adds to it where D_ADDS says so.
  It may overwrite OUT and D_OUT, never IN. Where D_IN is -1 nobody wants it.

`first` says that no other rows of the batch have added to the gradient yet. A tensor that is
declared by `Tape.later_use` is written, instead of added to, unless `records.adds_to` says
otherwise; the gradients of all others begin at zero.
"""
