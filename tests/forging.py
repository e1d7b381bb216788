"""Models that say of themselves what they are not."""

import json

from imgsim.models.header import UNSEALED, seal

REMOVED = object()


def forge(exported, **fields):
    """Change what a model says of itself."""
    import onnx

    model = onnx.load_from_string(exported)
    header = json.loads(model.metadata_props[0].value)
    header = {key: value for key, value in (header | fields).items() if value != REMOVED}
    onnx.helper.set_model_props(model, {"imgsim": json.dumps(header)})
    return model.SerializeToString()


def forge_sealed(exported, **fields):
    """Forge the digest as well."""
    return seal(forge(exported, digest=UNSEALED.decode(), **fields))
