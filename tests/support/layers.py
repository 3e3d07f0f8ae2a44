"""A measured step of a small GPT: something of everything."""

import math

from cockpit.domain.weights import Group, Layer, Weighed

LAYERS = (
    Layer("blocks.3.mlp.2.weight", 262_144, True, math.nan, 11.9, math.inf, 0, 412),
    Layer("head.weight", 196_608, True, 2.3e-2, 12.1, 0.41),
    Layer("blocks.0.attention.query_key_value.weight", 786_432, True, 1.4e-3, 24.8, 0.12),
    Layer("blocks.1.attention.query_key_value.weight", 786_432, True, 1.1e-3, 24.9, 0.094),
    Layer("position.weight", 131_072, True, 8.8e-4, 9.03, 0.0071),
    Layer("embedding.weight", 196_608, True, 4.1e-5, 443.2, 0.0021),
    Layer("pooler.weight", 65_536, True, 0.0, 5.11, None),
    Layer("blocks.0.norm.bias", 256, False, 0.19, 0.011, 0.02),
    Layer("blocks.3.mlp.2.bias", 512, False, None, 0.0, 0.03),
)
WEIGHED = Weighed(
    step=1240, time=0.0, layers=LAYERS, groups=(Group(3e-4, 22, 1.3e-3), Group(3e-4, 17, 8e-2)), tensors=39,
    elements=4_718_592, sampled=1.0, ratio=1.3e-3, high=1, low=2, bad=1, seconds=0.0124, bytes=18_874_368, skipped=2,
)  # fmt: skip
