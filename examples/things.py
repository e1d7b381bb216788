"""Draws lost things: backpacks, caps, mugs, scarves, teddy bears, umbrellas and wallets."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from examples.drawing import Look, Sheet, box, cloth, darker, oval, rounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.drawing import Array

DARK, METAL, PAPER = (45, 42, 46), (196, 196, 200), (244, 240, 228)


def umbrella(sheet: Sheet, look: Look, woven: Array) -> None:
    """Draw an open umbrella, its panels in two shades."""
    sheet.stroke([(0.5, 0.06), (0.5, 0.8)], 0.016, METAL)
    sheet.stroke([(0.5, 0.7), (0.5, 0.84), *oval(0.44, 0.85, 0.12, 0.18, (0, 180))], 0.034, (122, 78, 44))
    ribs = np.radians(np.linspace(-90, 90, 7))
    bend = np.linspace(0, np.pi / 2, 20)
    for number, (left, right) in enumerate(pairwise(ribs)):
        down = [(0.5 + 0.46 * np.sin(left) * np.sin(t), 0.54 - 0.42 * np.cos(t)) for t in bend]
        up = [(0.5 + 0.46 * np.sin(right) * np.sin(t), 0.54 - 0.42 * np.cos(t)) for t in bend[::-1]]
        hem = [((1 - t) * down[-1][0] + t * up[0][0], 0.54 - 0.16 * t * (1 - t)) for t in np.linspace(0, 1, 12)]
        own = np.asarray(look.second) if look.pattern == "plain" else darker(woven, 0.86)
        sheet.fill([*down, *hem, *up], own if number % 2 else woven, 0.02)


def wallet(sheet: Sheet, look: Look, woven: Array) -> None:
    """Draw a folded wallet with a card and a note looking out."""
    sheet.fill(box(0.2, 0.2, 0.82, 0.5, 0.02), (150, 190, 150), 0.004)
    sheet.fill(box(0.3, 0.17, 0.72, 0.5, 0.03), PAPER, 0.006)
    sheet.stroke([(0.34, 0.215), (0.68, 0.215)], 0.02, (90, 120, 170), 0.002)
    sheet.fill(box(0.08, 0.25, 0.92, 0.82, 0.07), woven, 0.025)
    seam = box(0.11, 0.28, 0.89, 0.79, 0.06)
    sheet.stitches(np.concatenate([seam, seam[:1]]), look.second, 2)
    seam = np.stack([np.linspace(0.11, 0.89, 60), np.full(60, 0.4)], axis=1)
    sheet.stitches(seam, look.second)
    sheet.fill(box(0.68, 0.47, 0.95, 0.62, 0.06), darker(look.main, 0.8), 0.02)
    sheet.fill(oval(0.75, 0.545, 0.07, 0.07), METAL, 0.012)


def cap(sheet: Sheet, look: Look, woven: Array) -> None:
    """Draw a baseball cap from the side."""
    peak = [(0.52, 0.6), (0.66, 0.52), (0.92, 0.58), (1.0, 0.7), (0.9, 0.73), (0.55, 0.7)]
    sheet.fill(rounded(peak), look.second, 0.02)
    dome = [(0.06, 0.72), (0.06, 0.42), (0.2, 0.2), (0.44, 0.17), (0.66, 0.24), (0.74, 0.5), (0.72, 0.72), (0.4, 0.66)]
    sheet.fill(rounded(dome), woven, 0.05)
    for bulge in (-0.26, -0.04, 0.2):
        bend = np.linspace(0, np.pi / 2, 20)
        seam = np.stack([0.42 + bulge * np.sin(bend), 0.66 - 0.45 * np.cos(bend)], axis=1)
        sheet.stroke(seam, 0.006, darker(look.main))
    sheet.fill(oval(0.42, 0.205, 0.07, 0.035), look.second, 0.01)
    sheet.fill(oval(0.5, 0.46, 0.17, 0.17), look.second, 0.012)
    turn, reach = np.arange(10) * np.pi / 5, np.array([0.06, 0.026] * 5)
    star = np.stack([0.5 + reach * np.sin(turn), 0.46 - reach * np.cos(turn)], axis=1)
    sheet.fill(star, look.main, 0.005)


def scarf(sheet: Sheet, look: Look, woven: Array) -> None:
    """Draw a knotted scarf with fringes."""
    for left, top, right, bottom in ((0.2, 0.34, 0.3, 0.9), (0.55, 0.4, 0.52, 0.82)):
        for strand in np.linspace(0.015, 0.225, 10):
            foot = (right + strand + 0.01 * np.sin(90 * strand), bottom + 0.07)
            sheet.stroke([(right + strand, bottom - 0.02), foot], 0.012, darker(look.second, 0.9))
        tail = [(left, top), (left + 0.24, top), (right + 0.24, bottom), (right, bottom)]
        sheet.fill(tail, woven, 0.03)
    ring = [*oval(0.5, 0.3, 0.8, 0.46), *oval(0.5, 0.25, 0.5, 0.16, (360, 0))]
    sheet.fill(ring, woven, 0.045)
    for fold in (0.5, 0.62, 0.72):
        sheet.stroke(oval(0.5, 0.3, fold, 0.58 * fold, (20, 160)), 0.006, darker(look.main, 0.7))
    sheet.fill(rounded([(0.34, 0.36), (0.62, 0.36), (0.62, 0.6), (0.34, 0.58)]), darker(woven, 0.93), 0.04)


def backpack(sheet: Sheet, look: Look, woven: Array) -> None:
    """Draw a school backpack."""
    strap = darker(look.second, 0.8)
    sheet.stroke(oval(0.5, 0.13, 0.2, 0.16, (180, 360)), 0.03, strap)
    for side in (-1, 1):
        bow = [(0.5 + side * out, y) for out, y in ((0.26, 0.35), (0.44, 0.5), (0.42, 0.85), (0.28, 0.88))]
        sheet.stroke(rounded([*bow, *bow[::-1]], 3), 0.045, strap)
    bag = [(0.14, 0.94), (0.14, 0.3), (0.24, 0.08), (0.76, 0.08), (0.86, 0.3), (0.86, 0.94)]
    sheet.fill(rounded(bag, 3), woven, 0.05)
    arch = [(0.23, 0.55), (0.23, 0.3), (0.34, 0.17), (0.66, 0.17), (0.77, 0.3), (0.77, 0.55)]
    sheet.stroke(rounded([*arch, *arch[::-1]], 3), 0.01, METAL)
    sheet.fill(box(0.22, 0.56, 0.78, 0.88, 0.08), look.second, 0.03)
    sheet.stroke([(0.27, 0.635), (0.73, 0.635)], 0.012, METAL)
    sheet.stroke([(0.69, 0.635), (0.7, 0.7)], 0.014, DARK)
    sheet.fill(oval(0.5, 0.37, 0.17, 0.17), PAPER, 0.012)
    bolt = [(0.51, 0.31), (0.46, 0.385), (0.495, 0.385), (0.485, 0.435), (0.54, 0.355), (0.505, 0.355)]
    sheet.fill(bolt, look.main, 0.004)


def mug(sheet: Sheet, look: Look, woven: Array) -> None:
    """Draw a mug with a handle, plain ones with a heart."""
    sheet.stroke(oval(0.72, 0.52, 0.4, 0.42, (-100, 100)), 0.075, look.main, 0.02)
    body = [(0.1, 0.22), *oval(0.41, 0.82, 0.56, 0.16, (180, 0)), (0.72, 0.22)]
    sheet.fill(body, woven, 0.09)
    sheet.fill(oval(0.41, 0.22, 0.62, 0.15), darker(look.main, 1.12), 0.01)
    sheet.fill(oval(0.41, 0.225, 0.56, 0.115), (74, 44, 28), 0.012)
    if look.pattern == "plain":
        t = np.linspace(0, 2 * np.pi, 50)
        down = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
        heart = np.stack([0.39 + 0.14 * np.sin(t) ** 3, 0.53 - 0.009 * down], axis=1)
        sheet.fill(heart, look.second, 0.012)


def teddy(sheet: Sheet, look: Look, woven: Array) -> None:
    """Draw a sitting teddy bear with a bow."""
    pale = darker(look.main, 1.0) * 0.55 + 0.45 * np.array([255, 240, 215])
    for side in (-1, 1):
        sheet.fill(oval(0.5 + side * 0.2, 0.13, 0.17, 0.17), woven, 0.02)
        sheet.fill(oval(0.5 + side * 0.2, 0.135, 0.09, 0.09), pale, 0.01)
        arm = [(0.5 + side * 0.14, 0.48), (0.5 + side * 0.36, 0.5), (0.5 + side * 0.4, 0.76), (0.5 + side * 0.22, 0.7)]
        sheet.fill(rounded(arm), woven, 0.03)
    sheet.fill(oval(0.5, 0.68, 0.46, 0.5), woven, 0.05)
    sheet.fill(oval(0.5, 0.7, 0.27, 0.32), pale, 0.03)
    for side in (-1, 1):
        sheet.fill(oval(0.5 + side * 0.23, 0.86, 0.25, 0.22), woven, 0.03)
        sheet.fill(oval(0.5 + side * 0.25, 0.87, 0.12, 0.12), pale, 0.01)
    sheet.fill(oval(0.5, 0.28, 0.5, 0.42), woven, 0.05)
    sheet.fill(oval(0.5, 0.355, 0.23, 0.18), pale, 0.025)
    sheet.fill(oval(0.5, 0.315, 0.085, 0.06), DARK, 0.012)
    sheet.stroke(oval(0.5, 0.355, 0.1, 0.07, (20, 160)), 0.01, DARK)
    for side in (-1, 1):
        sheet.fill(oval(0.5 + side * 0.1, 0.24, 0.05, 0.055), DARK, 0.012)
        sheet.fill(oval(0.49 + side * 0.1, 0.23, 0.016, 0.016), PAPER, 0.002)
        bow = [(0.5, 0.49), (0.5 + side * 0.2, 0.4), (0.5 + side * 0.2, 0.6)]
        sheet.fill(rounded(bow, 2), look.second, 0.02)
    sheet.fill(oval(0.5, 0.5, 0.07, 0.08), darker(look.second, 0.85), 0.015)


THINGS: dict[str, Callable[[Sheet, Look, Array], None]] = {
    "backpack": backpack,
    "cap": cap,
    "mug": mug,
    "scarf": scarf,
    "teddy": teddy,
    "umbrella": umbrella,
    "wallet": wallet,
}


def draw_thing(kind: str, look: Look, rng: np.random.Generator) -> Array:
    """Draw a thing: RGB times opacity, and opacity, 0..1, (SIDE, SIDE, 4)."""
    sheet = Sheet()
    THINGS[kind](sheet, look, cloth(look, rng))
    sheet.pixels[..., :3] *= sheet.pixels[..., 3:]
    return sheet.pixels
