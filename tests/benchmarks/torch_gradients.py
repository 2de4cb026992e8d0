"""Gradients by formula for torch, in place over all lanes: the fastest form that eager torch has.

Each takes the points x [d, lanes], fills g [d, lanes], and has room [d - 1, lanes] to work in.
"""

import math

import torch


def _rosenbrock(x, g, room):
    head, tail = x[:-1], x[1:]
    torch.addcmul(tail, head, head, value=-1, out=room)
    room.mul_(200.0)
    torch.mul(head, room, out=g[:-1])
    g[:-1].sub_(head).add_(1.0).mul_(-2.0)
    g[-1] = 0.0
    g[1:].add_(room)


def _rastrigin(x, g, room):
    torch.mul(x, 2.0 * math.pi, out=g)
    g.sin_().mul_(20.0 * math.pi).add_(x, alpha=2.0)


GRADIENTS = {"rosenbrock": _rosenbrock, "rastrigin": _rastrigin}
