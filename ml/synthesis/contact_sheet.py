"""`python -m ml.synthesis.contact_sheet --image PHOTOGRAPH --output PNG`: one photograph in all 6 x 20 settings, with scores."""

import argparse
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont

from ml.synthesis.quality import MultiScaleSSIM
from ml.synthesis.references import read_reference
from ml.synthesis.render import render
from ml.synthesis.settings import SETTINGS, SHIPPED_TABLE, TYPES, read_table

CELL, LINE, MARGIN = 132, 15, 92


def contact_sheet(path: Path, table_path: Path = SHIPPED_TABLE) -> Image.Image:
    """A row per type, mildest to harshest; under each picture its parameter and its score."""
    table, metric = read_table(table_path), MultiScaleSSIM()
    reference = read_reference(path, long_side=512)
    _, height, width = reference.pixels.shape
    cell_height = round(CELL * height / width)
    sheet = Image.new("RGB", (MARGIN + SETTINGS * (CELL + 4), len(TYPES) * (cell_height + LINE + 8) + 8), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
    for row, kind in enumerate(TYPES):
        images = render(reference, kind, range(SETTINGS), table)
        scores = metric(images.float() / 255.0, reference.display)
        y = 8 + row * (cell_height + LINE + 8)
        draw.text((6, y + cell_height / 2), kind, fill="black", font=font)
        for number, (image, score) in enumerate(zip(images, scores, strict=True)):
            x = MARGIN + number * (CELL + 4)
            picture = Image.fromarray(image.permute(1, 2, 0).numpy())
            sheet.paste(picture.resize((CELL, cell_height), Image.Resampling.LANCZOS), (x, y))
            setting = table.setting(kind, number)
            draw.text(
                (x, y + cell_height + 1),
                f"{setting.kind.partition('_')[0]} {setting.value:.2g}",
                fill="dimgray",
                font=font,
            )
            draw.text((x + CELL, y + cell_height + 1), f"{score:.2f}", fill="black", font=font, anchor="ra")
    return sheet


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.synthesis.contact_sheet", description=__doc__)
    parser.add_argument("--image", type=Path, required=True, metavar="PHOTOGRAPH")
    parser.add_argument("--table", type=Path, default=SHIPPED_TABLE)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    contact_sheet(given.image, given.table).save(given.output, quality=82)
    print(f"{given.output}: 6 x 20 settings of {given.image.name}.")


if __name__ == "__main__":
    main()
