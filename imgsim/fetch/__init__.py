"""Bringing the photos of a product table here, politely and completely: photos and tables, no index."""
