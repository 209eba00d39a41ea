#!/usr/bin/env python3
"""Draws docs/overview.svg and docs/overview-dark.svg: the first test digit of MNIST on its way through the shipped model.

    python3 docs/overview.py

Every pixel, activation and logit is calculated here, by model.py, and compared with the committed golden logits.
Sizes and instructions are those of the model file and of lenet-infer/firmware/size.tsv. Needs Python 3.9 alone.
"""

import csv
import gzip
import struct
from html import escape
from pathlib import Path

import model

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "lenet-infer" / "assets"
DIGIT = 0  # its place among the test images
BOARD = "microbit"  # the row of size.tsv
LEVELS = 32  # shades in which activations are drawn
WIDTH, HEIGHT = 900, 418
MIDDLE = 102  # the height of the network's axis

THEMES = {
    "overview.svg": dict(
        page="#ffffff", panel="#f6f8fa", line="#d0d7de", text="#1f2328", dim="#59636e",
        ink="#1f2328", active="#0969da", winner="#1a7f37", loser="#afb8c1", chip="#24292f", pin="#8c959f", on_chip="#ffffff",
    ),
    "overview-dark.svg": dict(
        page="#0d1117", panel="#151b23", line="#3d444d", text="#f0f6fc", dim="#9198a1",
        ink="#f0f6fc", active="#58a6ff", winner="#3fb950", loser="#59636e", chip="#30363d", pin="#6e7681", on_chip="#f0f6fc",
    ),
}


class Drawing:
    """The elements of an SVG file, from back to front."""

    def __init__(self, colors):
        self.colors, self.elements = colors, []

    def rect(self, x, y, width, height, fill, stroke="none", radius=0):
        self.elements.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" '
            f'fill="{self.colors[fill]}" stroke="{self.colors.get(stroke, stroke)}"/>'
        )

    def text(self, x, y, text, color="text", size=13, anchor="middle", weight=400, mono=False):
        family = ' class="mono"' if mono else ""
        self.elements.append(
            f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
            f'fill="{self.colors[color]}"{family}>{escape(text)}</text>'
        )

    def arrow(self, x, y, length, down=False):
        turn = " rotate(90)" if down else ""
        self.elements.append(
            f'<path transform="translate({x} {y}){turn}" d="M0 0H{length - 1}M{length - 6} -4.5L{length} 0L{length - 6} 4.5" '
            f'fill="none" stroke="{self.colors["dim"]}" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"/>'
        )

    def plane(self, x, y, values, columns, cell, color="active"):
        """Numbers of 0 to 255 as shades, row by row. The exponent lets small activations show."""
        shades = {}
        for place, value in enumerate(values):
            shade = round((value / 255) ** 0.7 * LEVELS)
            if shade:
                shades.setdefault(shade, []).append(f"M{place % columns} {place // columns}h1v1h-1z")
        rows = len(values) // columns
        self.rect(x - 0.5, y - 0.5, columns * cell + 1, rows * cell + 1, "panel", "line")
        paths = "".join(
            f'<path fill-opacity="{shade / LEVELS:.3g}" d="{"".join(cells)}"/>' for shade, cells in sorted(shades.items())
        )
        self.elements.append(
            f'<g transform="translate({x} {y}) scale({cell})" fill="{self.colors[color]}" shape-rendering="crispEdges">{paths}</g>'
        )

    def svg(self, title):
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'font-family="-apple-system, BlinkMacSystemFont, \'Segoe UI\', \'Noto Sans\', Helvetica, Arial, sans-serif">\n'
            f"<title>{escape(title)}</title>\n"
            "<style>.mono{font-family:ui-monospace,SFMono-Regular,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}</style>\n"
            + "\n".join(self.elements)
            + "\n</svg>\n"
        )


def captions(drawing, x, name, lines):
    drawing.text(x, 212, name, weight=600)
    for line, text in enumerate(lines):
        drawing.text(x, 230 + 16 * line, text, "dim", 12)


def maps(drawing, x, activations, channels, side, cell, columns, gap):
    """One plane per channel; returns the width of all."""
    rows = channels // columns
    top = MIDDLE - (rows * (side * cell + gap) - gap) / 2
    for channel in range(channels):
        drawing.plane(
            x + channel % columns * (side * cell + gap),
            top + channel // columns * (side * cell + gap),
            activations[channel::channels],
            side,
            cell,
        )
    return columns * (side * cell + gap) - gap


def bars(drawing, x, logits):
    """The logits around their zero, the largest in another color."""
    zero, row, scale = x + 96, 18, 70 / max(map(abs, logits))
    top = MIDDLE - 5 * row
    predicted = logits.index(max(logits))
    for digit, logit in enumerate(logits):
        y, length = top + digit * row, round(abs(logit) * scale, 1)
        won = digit == predicted
        color, weight = ("winner", 700) if won else ("dim", 400)
        drawing.text(x + 6, y + 13, str(digit), "winner" if won else "text", 13, weight=weight)
        drawing.rect(zero if logit > 0 else zero - length, y + 3, length, row - 6, "winner" if won else "loser", radius=2)
        drawing.text(x + 242, y + 13, f"{logit:,}".replace("-", "\u2212"), color, 12, "end", weight, mono=True)
    drawing.rect(zero - 0.5, top, 1, 10 * row, "line")


def draw_network(drawing, image, activations, logits):
    conv1, conv2, fc1, fc2 = activations
    x, gap = 12, 34
    stages = [
        ("a digit", ["28×28 gray levels"], 112),
        ("conv1", ["5×5, ReLU, pool 2×2", "6 maps of 12×12"], 104),
        ("conv2", ["5×5, ReLU, pool 2×2", "16 maps of 4×4"], 124),
        ("fc1", ["256 → 120", "ReLU"], 72),
        ("fc2", ["120 → 84", "ReLU"], 54),
        ("fc3", ["84 → 10 logits"], 242),
    ]
    for index, (name, lines, width) in enumerate(stages):
        captions(drawing, x + width / 2, name, lines)
        if index == 0:
            drawing.plane(x, MIDDLE - 56, image, 28, 4, "ink")
        elif index == 1:
            assert maps(drawing, x, conv1, 6, 12, 4, 2, 8) == width
        elif index == 2:
            assert maps(drawing, x, conv2, 16, 4, 7, 4, 4) == width
        elif index == 3:
            drawing.plane(x, MIDDLE - 67.5, fc1, 8, 9)
        elif index == 4:
            drawing.plane(x, MIDDLE - 63, fc2, 6, 9)
        else:
            bars(drawing, x, logits)
            return
        drawing.arrow(x + width + 7, MIDDLE, gap - 14)
        x += width + gap


def draw_board(drawing, x, y, width, height):
    """A board with a chip, as an ornament."""
    drawing.rect(x, y, width, height, "panel", "line", 8)
    side = height - 36
    left, top = x + (width - side) / 2, y + 18
    for pin in range(6):
        at = 6 + pin * (side - 16) / 5
        drawing.rect(left - 6, top + at, side + 12, 4, "pin")
        drawing.rect(left + at, top - 6, 4, side + 12, "pin")
    drawing.rect(left, top, side, side, "chip", radius=4)
    drawing.text(left + side / 2, top + side / 2 - 2, "Cortex", "on_chip", 11, weight=600)
    drawing.text(left + side / 2, top + side / 2 + 12, "M0", "on_chip", 11, weight=600)
    for corner in (8, height - 8):
        for edge in (8, width - 8):
            drawing.elements.append(f'<circle cx="{x + edge}" cy="{y + corner}" r="3" fill="{drawing.colors["line"]}"/>')


def draw_deployment(drawing, costs, digit, certainty):
    """Below the network: from training to the board."""
    y, height = 294, 112
    boxes = [
        (12, 230, "lenet-train", ["trains in f32, quantizes to int8,", "checks the file on the test images"]),
        (280, 196, "model.lenet", [f"{costs['file']:,} bytes, read in place", "from flash, or compiled in"]),
    ]
    for x, width, name, lines in boxes:
        drawing.rect(x, y, width, height, "panel", "line", 8)
        drawing.text(x + width / 2, y + 38, name, weight=600, mono=True)
        for line, text in enumerate(lines):
            drawing.text(x + width / 2, y + 63 + 18 * line, text, "dim", 12)
    drawing.arrow(249, y + height / 2, 24)
    drawing.arrow(483, y + height / 2, 24)
    draw_board(drawing, 514, y, 118, height)
    for line, (figure, what) in enumerate([
        (f"{costs['instructions']:,}", "instructions, in QEMU"),
        (f"{costs['ram']:,}", "bytes: engine, image, stack"),
        ("no", "float, heap or panic"),
    ]):
        drawing.text(703, y + 16 + 19 * line, figure, size=12, anchor="end", weight=600)
        drawing.text(709, y + 16 + 19 * line, what, "dim", 12, "start")
    drawing.rect(648, y + 70, 240, 42, "panel", "line", 6)
    drawing.text(660, y + 96, f"class {digit}", "winner", 14, "start", 700, True)
    drawing.text(876, y + 95, f"confidence {certainty / 256:.1f} nats", "dim", 12, "end", mono=True)


def main():
    file = (ASSETS / "model.lenet").read_bytes()
    shipped = model.decode(file)
    pixels = gzip.decompress((ROOT / "lenet-train/data/mnist/t10k-images-idx3-ubyte.gz").read_bytes())
    image = list(pixels[16 + DIGIT * 784 :][:784])
    *activations, logits = model.run(shipped, image)
    golden = (ASSETS / "golden-logits.bin").read_bytes()
    assert logits == list(struct.unpack_from("<10i", golden, DIGIT * 40)), "the logits are not the golden ones"

    with (ROOT / "lenet-infer/firmware/size.tsv").open() as table:
        rows = csv.DictReader(table, delimiter="\t")
        row = next(row for row in rows if (row["board"], row["model"]) == (BOARD, "included"))
    costs = dict(file=len(file), instructions=int(row["instructions"]), ram=int(row["data+bss"]) + int(row["stack"]))
    digit = logits.index(max(logits))

    for name, colors in THEMES.items():
        drawing = Drawing(colors)
        drawing.rect(0, 0, WIDTH, HEIGHT, "page", radius=6)  # legible on a page of the other theme
        draw_network(drawing, image, activations, logits)
        drawing.rect(12, 268, WIDTH - 24, 1, "line")
        draw_deployment(drawing, costs, digit, model.confidence(shipped, logits))
        title = f"A handwritten {digit} through LeNet's layers to ten integer logits, and from training to a microcontroller"
        (ROOT / "docs" / name).write_text(drawing.svg(title), encoding="utf-8")


if __name__ == "__main__":
    main()
