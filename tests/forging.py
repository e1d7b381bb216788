"""Models that say of themselves what they are not."""

import json

from imgsim.models.header import UNSEALED, seal

REMOVED = object()
PLACES = {
    "architecture": ("details", "architecture"),
    "padding": ("details", "padding"),
    "layer": ("details", "layer"),
    "weights": ("parents", "weights"),
    "dim": ("outputs", "maps", 1),
    "preprocessing": ("input",),
}


def forge(exported, **fields):
    """Change what a model says of itself, whatever the form of its header."""
    header = read(exported)
    for key, value in fields.items():
        *way, last = PLACES.get(key, (key,)) if "format" in header else (key,)
        place = header
        for step in way:
            place = place[step]
        if value is REMOVED:
            del place[last]
        else:
            place[last] = value
    return rewrite(exported, {"imgsim": json.dumps(header)})


def forge_sealed(exported, **fields):
    """Forge the digest as well."""
    return seal(forge(exported, **fields, digest=UNSEALED.decode()))


def in_format_1(exported):
    """Write a trunk's header as imgsim did before there were other kinds, and seal it."""
    header = read(exported)
    flat = {"digest": UNSEALED.decode()}
    for key, (first, *way) in PLACES.items():
        value = header[first]
        for step in way:
            value = value[step]
        flat[key] = value
    return seal(rewrite(exported, {"imgsim": json.dumps({key: flat[key] for key in (*PLACES, "digest")})}))


def read(exported):
    """Give the JSON of a model's header."""
    import onnx

    return json.loads(onnx.load_from_string(exported).metadata_props[0].value)


def rewrite(exported, properties):
    """Give a model other metadata."""
    import onnx

    model = onnx.load_from_string(exported)
    onnx.helper.set_model_props(model, properties)
    return model.SerializeToString()
