"""Nets over time: numbers to add, bits to compare, symbols to copy, tokens and characters."""

from optbench.define import net
from optbench.nets.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Attention,
    Dense,
    Embedding,
    Flatten,
    LayerNorm,
    Residual,
)

FACTS = dict(batch=32, tags=["net", "nonconvex", "data", "stochastic", "sequence"])
LSTM_SOURCE = "Hochreiter and Schmidhuber 1997, Long short-term memory"
GRU_SOURCE = "Cho et al. 2014, Learning phrase representations using RNN encoder-decoder"
RNN_SOURCE = "Elman 1990, Finding structure in time"
COPY_SOURCE = "Arjovsky, Shah and Bengio 2016, Unitary evolution recurrent neural networks"
ATTENTION_SOURCE = "Vaswani et al. 2017, Attention is all you need"
DIGITS = "data: Alpaydin and Kaynak 1998, Cascading classifiers"


def block(width, heads, causal):
    """Return a transformer's block, normalised before each of its parts (Xiong et al. 2020)."""
    more = [LayerNorm(), Dense(2 * width), Activation("relu"), Dense(width)]
    return [Residual([LayerNorm(), Attention(heads, causal=causal)]), Residual(more)]


adding_lstm = net(
    "adding_lstm",
    data="adding",
    input=(20, 2),
    layers=[LSTM(16), Dense(1)],
    loss="mse",
    loss_target=0.01,  # a constant answer has 1/6
    error_target=None,
    source=f"{LSTM_SOURCE}, sec. 5.4; {COPY_SOURCE}, sec. 5.2",
    **FACTS,
)
adding_rnn = net(
    "adding_rnn",
    data="adding",
    input=(20, 2),
    layers=[RNN(16), Dense(1)],
    loss="mse",
    loss_target=0.01,
    error_target=None,
    family="adding_lstm",
    source=f"{RNN_SOURCE}; {COPY_SOURCE}, sec. 5.2",
    **FACTS,
)
xor_gru = net(
    "xor_gru",
    data="xor_strings",
    input=(16, 2),
    layers=[GRU(16), Dense(2)],
    loss_target=0.05,
    error_target=0.05,
    source="Martens and Sutskever 2011, Learning recurrent neural networks with Hessian-free "
    f"optimization; {GRU_SOURCE}",
    **FACTS,
)
parity_gru = net(
    "parity_gru",
    data="parity_strings",
    input=(16, 1),
    lengths=True,
    layers=[GRU(16), Dense(2)],
    loss_target=0.05,
    error_target=0.05,
    source="Bengio, Simard and Frasconi 1994, Learning long-term dependencies with gradient "
    f"descent is difficult; {GRU_SOURCE}",
    **FACTS,
)
copy_gru = net(
    "copy_gru",
    data="copy_memory",
    input=(20,),
    layers=[Embedding(10, 8), GRU(32, last=False), Dense(9)],
    loss_target=0.25,  # blanks and then any symbol: 0.52
    error_target=0.1,
    source=f"{COPY_SOURCE}, sec. 5.1; {GRU_SOURCE}",
    **FACTS,
)
# Within 1000 steps only decoupled weight decay finds the rule (AdamW, lr 0.01, decay 1: 99 % of the
# validation part). Other rules know the training part by heart, and by validation loss their best
# rate is one that has learnt little.
modular_sums_attention = net(
    "modular_sums_attention",
    data="modular_sums",
    input=(4,),
    layers=[Embedding(31, 32), *block(32, 4, causal=False), Flatten(), Dense(29)],
    loss_target=0.2,
    error_target=0.05,
    source="Power et al. 2022, Grokking: generalization beyond overfitting on small algorithmic "
    f"datasets; {ATTENTION_SOURCE}",
    **{**FACTS, "batch": 128},
)
zipf_bigrams = net(
    "zipf_bigrams",
    data="zipf_tokens",
    input=(16,),
    layers=[Embedding(256, 32), Dense(256)],
    loss_target=2.8,  # the law's entropy is 2.7745
    error_target=0.5,
    source="Kunstner et al. 2024, Heavy-tailed class imbalance and why Adam outperforms gradient "
    "descent on language models",
    **FACTS,
)
characters_lstm = net(
    "characters_lstm",
    data="characters",
    input=(32,),
    layers=[Embedding(36, 16), LSTM(32, last=False), Dense(36)],
    loss_target=1.9,
    error_target=0.62,
    source=f"Graves 2013, Generating sequences with recurrent neural networks; {LSTM_SOURCE}; "
    "data: Shakespeare 1609, Shake-speares sonnets",
    **FACTS,
)
characters_attention = net(
    "characters_attention",
    data="characters",
    input=(32,),
    layers=[Embedding(36, 24), *block(24, 2, causal=True), Dense(36)],
    loss_target=2.1,
    error_target=0.65,
    family="characters_lstm",
    source=f"{ATTENTION_SOURCE}; data: Shakespeare 1609, Shake-speares sonnets",
    **FACTS,
)
digits_rows = net(
    "digits_rows",
    data="digits",
    scaling="common",
    input=(8, 8),
    layers=[RNN(32), Dense(10)],
    loss_target=0.05,
    error_target=0.05,
    source=f"{RNN_SOURCE}; {DIGITS}",
    **FACTS,
)


def pixels(name, data, source, **options):
    """Declare a net that reads images pixel by pixel."""
    return net(
        name, data=data, scaling="common", input=(64, 1), layers=[GRU(16), Dense(10)],
        loss_target=0.5, error_target=0.2, **FACTS, **options,
        source="Le, Jaitly and Hinton 2015, A simple way to initialize recurrent networks of "
        f"rectified linear units, sec. 4.2; {source}; {DIGITS}",
    )  # fmt: skip


digits_pixels = pixels("digits_pixels", "digits", GRU_SOURCE)
digits_pixels_permuted = pixels(
    "digits_pixels_permuted", "permuted_digits", GRU_SOURCE, family="digits_pixels"
)
