"""A backbone of three small stages, and photos of coloured stripes for it to learn from."""

import numpy as np
from PIL import Image

from imgsim.models.architectures import Preprocessing

FORM = Preprocessing(36, 32, "bilinear", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
WEIGHTS = "ab" * 32


def tiny_backbone(seed=0):
    from imgsim.models.vision import torch
    from imgsim.training.backbone import Backbone

    nn = torch.nn
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        stages = [
            nn.Sequential(nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU())
            for before, after in ((3, 8), (8, 16), (16, 64))
        ]
    return Backbone("efficientnet_lite0", nn.Sequential(*stages).eval(), FORM, WEIGHTS)


def draw_classes(folder, classes=8, each=5, side=40):
    """Draw photos of classes as folders: stripes of a class's two colours, moved, with noise."""
    rng = np.random.default_rng(5)
    for number in range(classes):
        colors, width = rng.integers(30, 226, (2, 3)), int(rng.integers(3, 9))
        (folder / f"class{number}").mkdir(parents=True)
        for photo in range(each):
            row, column = np.mgrid[:side, : side + 8 * (photo % 2)]
            turned = (row * np.cos(photo) + column * np.sin(photo) + 7 * photo) // width % 2
            pixels = colors[turned.astype(int)] + rng.normal(0, 20, (*turned.shape, 3))
            image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            image.save(folder / f"class{number}" / f"{photo}.png")
    return folder
