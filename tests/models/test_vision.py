"""The one module that imports torch and torchvision, each time in a process of its own."""

import subprocess
import sys

import pytest


def python(code):
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, timeout=300
    )
    return result.returncode, result.stdout, result.stderr


def test_it_imports_here_and_torchvision_works():
    pytest.importorskip("torch", reason="the extra deep is not installed")
    code = """if True:
        from imgsim.models.vision import torch, torchvision
        network = torchvision.models.squeezenet1_1()
        transforms = torchvision.models.SqueezeNet1_1_Weights.DEFAULT.transforms()
        print(network(transforms(torch.zeros(1, 3, 64, 64))).shape[1])
    """
    assert python(code) == (0, "1000\n", "")


@pytest.mark.parametrize(
    ("package", "module"),
    [("torch", "vision"), ("torch", "trunks"), ("torch", "export"), ("torchvision", "vision")],
)
def test_a_missing_package_names_its_extra(package, module):
    if package != "torch":  # which comes first
        pytest.importorskip("torch", reason="the extra deep is not installed")
    code = f"""if True:
        import sys
        sys.modules[{package!r}] = None
        from imgsim.errors import MissingDependencyError
        try:
            import imgsim.models.{module}
        except MissingDependencyError as error:
            print(error)
    """
    assert python(code) == (0, f"{package} is not installed: pip install 'imgsim[deep]'\n", "")


def test_a_missing_onnx_names_its_extra(tmp_path):
    pytest.importorskip("torch", reason="the extra deep is not installed")
    code = f"""if True:
        import os, sys
        os.environ["IMGSIM_MODELS"] = {str(tmp_path / "models")!r}
        from imgsim.models.testing import store_random_model
        from imgsim.errors import MissingDependencyError
        sys.modules["onnx"] = None
        try:
            store_random_model("squeezenet1_1", 0)
        except MissingDependencyError as error:
            print(error)
    """
    assert python(code) == (0, "onnx is not installed: pip install 'imgsim[deep]'\n", "")
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    "module", ["cache", "session", "imported_model", "pooling", "whitening", "architectures", "download"]
)
def test_what_runs_models_needs_no_torch(module):
    code = f"import sys; sys.modules['torch'] = None; import imgsim.models.{module}; print('torch' in sys.modules)"
    assert python(code) == (0, "True\n", "")
