"""Colours by name: of a pixel, of what a photo shows."""
