"""Pictures: finding them in a folder, decoding them, drawing them."""
