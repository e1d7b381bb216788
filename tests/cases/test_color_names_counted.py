"""A colour model that says other names than it has probabilities for."""

from tests.cases.trunks import color_namer


def test_a_model_of_three_probabilities_has_three_names(make_photos, tmp_path, run):
    photo = make_photos(1) / "0.png"
    wrong = []
    for names in ([], ["a"], list("abc"), list("abcdef")):
        file = tmp_path / f"{len(names)}.onnx"
        file.write_bytes(color_namer(names))
        for command in (("color", "name", "1,2,3"), ("color", "label", photo)):
            ran = run(*command, "--model", file)
            if not ran.is_explained or ran.code != (0 if len(names) == 3 else 2):
                wrong.append((len(names), *ran))
    assert wrong == []
