"""What people look at: plots as PNG or SVG, drawn by matplotlib without a display, and tables as Markdown."""
