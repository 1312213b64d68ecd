"""Make palettes.json: for each palette 256 colours from no weight to the most, ready to look up.

Run it with Python; it needs matplotlib and NumPy. ``ink``, ``warm`` and ``grey`` are our own: equal
steps of CIE L*a*b* distance, from a light ground and from a dark one. The others are matplotlib's.
``few`` holds, for terminals of 256 colours, the numbers of those that come nearest, above all in
lightness.
"""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt

Colours = npt.NDArray[np.float64]

STEPS = 256
STOPS = {
    "ink light": "fdfdff eeedfb d3d0f6 ada7ee 847ce3 6055d5 453ab9 2f268c 1b155c",
    "ink dark": "1b1a25 28244a 3a317d 5043b1 6b5fe0 8f87f2 b4aff9 d0ccfc e8e5ff",
    "warm light": "fffdfb fff0e3 fed9b7 fbb987 f39650 dc7024 b04a0c 7a3007 471b04",
    "warm dark": "1f1a1d 3d2618 64371a 93501d c46c26 ee8f3f fbb274 fdcfa2 ffe4cb",
    "grey light": "fdfdfd 1a1a1a",
    "grey dark": "1c1b20 ffffff",
}
BORROWED = ("viridis", "cividis", "magma")
FEW = 20  # colours looked for among 256; those that come twice or out of order are left out
WHITE = np.array([0.95047, 1.0, 1.08883])  # D65
XYZ_TO_RGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


def even(stops: str) -> Colours:
    """From the first to the last of these colours in steps of the same distance: (STEPS, rgb)."""
    rgb = np.array([list(bytes.fromhex(stop)) for stop in stops.split()]) / 255
    fine = np.linspace(0, len(rgb) - 1, 4097)
    lab = np.stack([np.interp(fine, range(len(rgb)), axis) for axis in to_lab(rgb).T], axis=-1)
    walked = np.append(0, np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=-1)))
    at = np.linspace(0, walked[-1], STEPS)
    return to_srgb(np.stack([np.interp(at, walked, axis) for axis in lab.T], axis=-1))


def to_srgb(lab: Colours) -> Colours:
    """CIE L*a*b* under D65 as sRGB from 0 to 1; (…, 3)."""
    y = (lab[..., 0] + 16) / 116
    cubes = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = WHITE * np.where(cubes > 6 / 29, cubes**3, (cubes - 4 / 29) * 3 * (6 / 29) ** 2)
    light = np.clip(xyz @ XYZ_TO_RGB.T, 0, 1)
    rgb: Colours = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return rgb


def to_lab(rgb: Colours) -> Colours:
    """sRGB from 0 to 1 as CIE L*a*b* under D65; (…, 3)."""
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = light @ np.linalg.inv(XYZ_TO_RGB).T / WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


def among_256(table: Colours) -> list[int]:
    """The numbers of terminal colours along a table, lightness rising or falling throughout."""
    steps = [0, 95, 135, 175, 215, 255]
    cube = [(r, g, b) for r in steps for g in steps for b in steps]
    greys = [(8 + 10 * i,) * 3 for i in range(24)]
    there = to_lab(np.array([*cube, *greys]) / 255)
    wanted = to_lab(table[np.linspace(0, STEPS - 1, FEW).round().astype(int)])
    apart = np.linalg.norm((wanted[:, None] - there) * [1, 0.5, 0.5], axis=-1)
    nearest = apart.argmin(axis=1)
    rising = np.sign(wanted[-1, 0] - wanted[0, 0])
    kept: list[int] = []
    for number in nearest.tolist():
        if not kept or rising * (there[number, 0] - there[kept[-1], 0]) > 1.5:
            kept.append(number)
    return [16 + number for number in kept]


def main() -> None:
    """Write palettes.json beside this file."""
    tables = {name: even(stops) for name, stops in STOPS.items()}
    for name in BORROWED:
        tables[name] = matplotlib.colormaps[name](np.arange(STEPS))[:, :3]
    levels = {name: np.rint(255 * table).astype(np.uint8) for name, table in tables.items()}
    made = {
        "tables": {name: b64encode(table.tobytes()).decode() for name, table in levels.items()},
        "few": {name: among_256(table / 255) for name, table in levels.items()},
    }
    path = Path(__file__).with_name("palettes.json")
    lines = json.dumps(made, indent=1).replace("\n   ", " ").replace("\n  ]", "]")
    path.write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
