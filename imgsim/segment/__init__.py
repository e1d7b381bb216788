"""Which pixels of a photo show what: one segmenter a file, and cut-outs."""
