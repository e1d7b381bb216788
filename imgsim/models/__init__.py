"""Networks: which there are, their weights, the files that ONNX Runtime runs them from. No training here."""
