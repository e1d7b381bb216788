"""Stanford Online Products in miniature: its lists and folders, with photos that are drawn."""

from imgsim.tables.product_lists import COLUMNS, TEST, TRAIN
from tests.training.embeddings.tiny import draw_classes


def lay_out_products(folder, sizes=((6, 7, 6, 4), (3, 5, 2, 4))):
    """Draw photos of classes of these sizes, those to learn from first, as bicycles and chairs."""
    drawn = draw_classes(folder / "drawn", classes=sum(map(len, sizes)), each=max(map(max, sizes)))
    image, number, lines = 0, 0, []
    for name, counts in zip((TRAIN, TEST), sizes, strict=True):
        lines = [" ".join(COLUMNS)]
        for count in counts:
            kind = ("bicycle", "chair")[number % 2]
            (folder / f"{kind}_final").mkdir(exist_ok=True)
            for photo in range(count):
                path = f"{kind}_final/{9000 + number}_{photo}.png"
                (drawn / f"class{number}" / f"{photo}.png").rename(folder / path)
                lines.append(f"{(image := image + 1)} {(number + 1)} {number % 2 + 1} {path}")
            number += 1
        (folder / name).write_text("\n".join(lines) + "\n")
    for left in drawn.rglob("*.png"):
        left.unlink()
    return folder
