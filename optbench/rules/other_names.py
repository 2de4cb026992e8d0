"""Names of the field for what is a setting of a rule here, so that it is no rule of its own."""

OTHER_NAMES: dict[str, str] = {
    "tiger": "lion[beta1=0.965,beta2=0.965,weight_decay=0.01]",
    "optimistic_gradient_descent": "pid[momentum=0,integral=0,derivative=1]",
    "sgdw": "momentum[decay=0.01]",
    "nadamw": "nadam[decoupled_weight_decay=true,weight_decay=0.01]",
    "adamaxw": "adamax[decay=0.01]",
    "ali_g": "polyak[eps=1e-05]",
    "cautious_adamw": "adamw[cautious=true]",
    "cautious_lion": "lion[cautious=true]",
}
"""Name to rule and settings, those that the name's authors or libraries have by default."""


def other_name(name: str) -> str:
    """Say what to write for one of `OTHER_NAMES`."""
    return f"{name} is no rule of its own: it is {OTHER_NAMES[name]}"
