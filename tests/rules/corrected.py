"""Rules of pytorch_optimizer without what keeps them from the papers (see the rows' notes).

Only the conformance tests and the oracle's script import this module.
"""

import sys

import pytorch_optimizer
import torch
from pytorch_optimizer.base.optimizer import BaseOptimizer


class _PlainRoot:
    """The root of v with epsilon outside alone."""

    @staticmethod
    def apply_ams_bound(ams_bound, exp_avg_sq, max_exp_avg_sq, eps, exp_avg_sq_eps=0.0):
        return BaseOptimizer.apply_ams_bound(
            ams_bound, exp_avg_sq, max_exp_avg_sq, eps, exp_avg_sq_eps
        )


class AdamC(_PlainRoot, pytorch_optimizer.AdamC):
    """AdamC with one epsilon."""


class AdaHessian(pytorch_optimizer.AdaHessian):
    """AdaHessian by our names, with the authors' defaults."""

    def __init__(self, params, lr=0.15, beta1=0.9, beta2=0.999, power=1.0, eps=1e-4):
        super().__init__(params, lr=lr, betas=(beta1, beta2), hessian_power=power, eps=eps)


class SophiaH(pytorch_optimizer.SophiaH):
    """SophiaH by our names: it clips m / max(h, eps) to p, and the paper m / max(p h, p eps) to 1.

    When an estimate is due the caller says, so that one that is not is kept.
    """

    def __init__(
        self, params, lr=6e-4, beta1=0.96, beta2=0.99, gamma=0.01, eps=1e-12, weight_decay=0.0,
        hessian_every=10,
    ):  # fmt: skip
        decay = weight_decay * gamma  # the group's rate is that of the paper over gamma
        given = dict(betas=(beta1, beta2), p=gamma, eps=eps / gamma, weight_decay=decay)
        super().__init__(params, lr=lr / gamma, update_period=int(hessian_every), **given)


class AdaBound(_PlainRoot, pytorch_optimizer.AdaBound):
    """AdaBound with one epsilon."""


class DiffGrad(_PlainRoot, pytorch_optimizer.DiffGrad):
    """DiffGrad with one epsilon."""


class AdaPNM(_PlainRoot, pytorch_optimizer.AdaPNM):
    """AdaPNM with one epsilon."""


class LaProp(_PlainRoot, pytorch_optimizer.LaProp):
    """LaProp with one epsilon."""


class AdaNorm(_PlainRoot, pytorch_optimizer.AdaNorm):
    """AdaNorm with one epsilon."""


class Yogi(pytorch_optimizer.Yogi):
    """Yogi whose m starts at 0."""

    def init_group(self, group, **kwargs):
        new = [p for p in group["params"] if not self.state[p]]
        super().init_group(group, **kwargs)
        for p in new:
            self.state[p]["exp_avg"].zero_()


class PAdam(pytorch_optimizer.PAdam):
    """PAdam, told by our names the conventions that it has anyway."""

    def __init__(self, params, betas=(0.9, 0.999), amsgrad=False, bias_correction=True, **given):
        assert (amsgrad, bias_correction) == (False, True)
        super().__init__(params, betas=betas, **given)


class QHAdam(pytorch_optimizer.QHAdam):
    """QHAdam with the defaults that its paper recommends, and weights in float64."""

    def __init__(self, params, betas=(0.995, 0.999), nu1=0.7, nu2=1.0, **given):
        super().__init__(params, betas=betas, nus=(nu1, nu2), **given)

    def init_group(self, group, **kwargs):
        super().init_group(group, **kwargs)
        for p in group["params"]:
            for name in ("beta1_weight", "beta2_weight"):
                self.state[p][name] = self.state[p][name].to(torch.float64)


class _Double:
    """torch, whose float32 is float64."""

    float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


class SOAP(pytorch_optimizer.SOAP):
    """SOAP that stays in float64."""

    def get_orthogonal_matrix_qr(self, *arguments, **given):
        module = sys.modules[pytorch_optimizer.SOAP.__module__]
        module.torch = _Double()
        try:
            return super().get_orthogonal_matrix_qr(*arguments, **given)
        finally:
            module.torch = torch


class _Unrounded:
    """A rule that decomposes in float64: `Tensor.float` rounds to float32."""

    def step(self, closure=None):
        rounded = torch.Tensor.float
        torch.Tensor.float = lambda tensor: tensor
        try:
            return super().step(closure)
        finally:
            torch.Tensor.float = rounded


class SPlus(_Unrounded, pytorch_optimizer.SPlus):
    """SPlus that stays in float64."""


class Conda(_Unrounded, pytorch_optimizer.Conda):
    """Conda that stays in float64."""


class MARS(_PlainRoot, pytorch_optimizer.MARS):
    """MARS with one epsilon."""


class FAdam(pytorch_optimizer.FAdam):
    """FAdam whose moments are in float64, and whose epsilon is constant."""

    def __init__(self, params, betas=(0.9, 0.999), **given):
        doubles = dict(momentum_dtype=torch.float64, fim_dtype=torch.float64)
        super().__init__(params, betas=betas, eps_2=1e300, **given, **doubles)


class AdamMini(pytorch_optimizer.AdamMini):
    """Adam-mini of a tensor that is no layer of a Transformer, in float64 and without decay."""

    def __init__(self, params, betas=(0.9, 0.999), **given):
        (x,) = params
        model = torch.nn.Module()
        model.register_parameter("x", torch.nn.Parameter(x.detach()))
        super().__init__(model, betas=betas, weight_decay=0.0, foreach=False, **given)
        self.x = x

    def step(self, closure=None):
        (own,) = self.model.parameters()
        own.grad = self.x.grad
        module = sys.modules[pytorch_optimizer.AdamMini.__module__]
        module.torch = _Double()
        try:
            super().step(closure)
        finally:
            module.torch = torch
        self.state[self.x] = self.state[own]


class _AsRow:
    """An optimizer of [d] that sees the matrix [1, d], whose rows are projected."""

    rule: type

    def __init__(self, params, betas=(0.9, 0.999), **given):
        (self.x,) = params
        self.row = torch.nn.Parameter(self.x.detach().view(1, -1))  # the same memory
        given |= {"betas": betas} if self.rule is pytorch_optimizer.AdamP else {}
        self.inner = self.rule([self.row], **given)
        self.param_groups = self.inner.param_groups

    @property
    def state(self):
        return {self.x: {k: v.view(-1) for k, v in self.inner.state[self.row].items()}}

    def step(self):
        self.row.grad = self.x.grad.view(1, -1)
        self.inner.step()


class SGDP(_AsRow):
    """SGDP of one row."""

    rule = pytorch_optimizer.SGDP


class AdamP(_AsRow):
    """AdamP of one row."""

    rule = pytorch_optimizer.AdamP
