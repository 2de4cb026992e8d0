"""Quantiles of the standard normal distribution, by the rational functions of Wichura 1988.

Algorithm AS 241, PPND16 (Applied Statistics 37): right to some 1e-16. Of uniform numbers 85 in 100
lie in the centre, where it takes no function at all.
"""

import math

CENTRE, FAR, SHIFT = 0.425, 5.0, 1.6
SMALLEST = 2.0**-54
"""The least uniform draw: nearer to 0 or 1 are draws that were rounded to float32."""
_CENTRE_ABOVE = (
    3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
    45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
)  # fmt: skip
_CENTRE_BELOW = (
    1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
    21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610,
)  # fmt: skip
_NEAR_ABOVE = (
    1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550,
    3.64784832476320460504, 1.27045825245236838258, 0.241780725177450611770,
    0.0227238449892691845833, 7.74545014278341407640e-4,
)  # fmt: skip
_NEAR_BELOW = (
    1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
    0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)  # fmt: skip
_FAR_ABOVE = (
    6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580,
    0.296560571828504891230, 0.0265321895265761230930, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7,
)  # fmt: skip
_FAR_BELOW = (
    1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
    2.04426310338993978564e-15,
)  # fmt: skip


def polynomial(r, a, b, c, d, e, f, g, h):
    """Return a + b r + ... + h r^7 (Horner)."""
    return ((((((h * r + g) * r + f) * r + e) * r + d) * r + c) * r + b) * r + a


def normal_quantile(u):
    """Return the number that a standard normal draw stays below with the chance u, 0 < u < 1."""
    q = u - 0.5
    if abs(q) <= CENTRE:
        r = CENTRE * CENTRE - q * q
        return q * polynomial(r, *_CENTRE_ABOVE) / polynomial(r, *_CENTRE_BELOW)
    r = math.sqrt(-math.log(max(min(u, 1.0 - u), SMALLEST)))
    if r <= FAR:
        size = polynomial(r - SHIFT, *_NEAR_ABOVE) / polynomial(r - SHIFT, *_NEAR_BELOW)
    else:
        size = polynomial(r - FAR, *_FAR_ABOVE) / polynomial(r - FAR, *_FAR_BELOW)
    return math.copysign(size, q)
