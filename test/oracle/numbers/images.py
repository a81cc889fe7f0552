"""Records the results of transformers' ViTImageProcessor, DeiTImageProcessor and BitImageProcessor."""

from base64 import b64encode
from pathlib import Path

import numpy as np
import PIL
from PIL.Image import Image, fromarray
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from ..places import Json, write_json
from ..versions import versions

ABOUT = (
    "What transformers' ViTImageProcessor, or DeiTImageProcessor or BitImageProcessor where the file names it, makes "
    "of images with its PIL backend, by a preprocessor_config.json. Images "
    "are (height, width, 4) bytes in base64, of red, green, blue and alpha; rgb is (height, width, 3) before rescaling "
    "and normalising, and pixel_values (3, height, width) float32, little-endian. Alpha is left out by "
    'convert("RGB") unless the configuration has do_convert_rgb, which puts white behind.'
)

SIZES = {"noise": (13, 7), "ramp": (40, 23), "checks": (17, 31), "dot": (1, 1), "strip": (3, 50)}
"""(width, height) of the test images in pixels."""

RESAMPLES = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3}
SQUARE = {"height": 12, "width": 12}
DEIT = {"image_processor_type": "DeiTImageProcessor"}
BIT = {"image_processor_type": "BitImageProcessor"}
PROCESSORS = {"DeiT": DeiTImageProcessorPil, "Bit": BitImageProcessorPil}
OLD_DEIT = {"feature_extractor_type": "DeiTFeatureExtractor", "resample": 3, "do_center_crop": True}

ROWS: list[tuple[str, str, Json]] = [
    *(
        (
            f"{name}, {image} to {width}×{height}",
            image,
            {"resample": number, "size": {"height": height, "width": width}},
        )
        for name, number in RESAMPLES.items()
        for image, width, height in [
            ("noise", 5, 4),
            ("noise", 20, 11),
            ("noise", 13, 3),
            ("noise", 31, 7),
            ("ramp", 9, 30),
            ("checks", 16, 16),
            ("dot", 3, 2),
            ("strip", 8, 8),
        ]
    ),
    ("a shortest edge, wide", "ramp", {"size": {"shortest_edge": 9}}),
    ("a shortest edge, tall", "checks", {"size": {"shortest_edge": 23}, "resample": 3}),
    ("cropped, odd", "ramp", {"size": {"shortest_edge": 16}, "do_center_crop": True, "crop_size": 11}),
    ("cropped, even", "checks", {"size": {"shortest_edge": 15}, "do_center_crop": True, "crop_size": SQUARE}),
    ("cropped alone", "ramp", {"do_resize": False, "do_center_crop": True, "crop_size": {"height": 6, "width": 9}}),
    ("cropped beyond it", "noise", {"do_resize": False, "do_center_crop": True, "crop_size": SQUARE}),
    ("cropped beyond it, odd", "noise", {"do_resize": False, "do_center_crop": True, "crop_size": 20}),
    ("as it is", "noise", {"do_resize": False}),
    ("over white", "noise", {"do_resize": False, "do_convert_rgb": True}),
    ("over white, smaller", "noise", {"size": SQUARE, "do_convert_rgb": True}),
    ("DeiT's, smaller", "ramp", DEIT | {"size": {"height": 16, "width": 16}, "crop_size": SQUARE}),
    ("DeiT's, as older files have it", "checks", OLD_DEIT | {"size": 14, "crop_size": 11}),
    ("BiT's, wide", "ramp", BIT | {"size": {"shortest_edge": 18}, "crop_size": SQUARE}),
    ("BiT's, tall and transparent", "noise", BIT | {"size": 11, "crop_size": {"height": 9, "width": 9}}),
]
NUMBERS: list[tuple[str, Json]] = [
    ("the default", {}),
    ("ImageNet's", {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}),
    ("not rescaled", {"do_rescale": False, "image_mean": [127.5, 100, 3], "image_std": [127.5, 1, 7]}),
    ("not normalised", {"do_normalize": False}),
    ("DeiT's default", DEIT | {"crop_size": {"height": 7, "width": 5}}),
    ("BiT's default", BIT | {"crop_size": {"height": 5, "width": 6}}),
    ("rescaled to 2", {"rescale_factor": 0.00784313725490196, "image_mean": 1.0, "image_std": 0.3}),
]


def make_images(root: Path) -> None:
    images = {name: _image(name, *size) for name, size in SIZES.items()}
    rows = [_prepared(situation, name, images[name], config) for situation, name, config in ROWS]
    numbers = [
        {"situation": situation, "image": "noise", "config": config | {"do_resize": False}}
        | {"pixel_values": _text(_processed(images["noise"], config | {"do_resize": False}).astype("<f4"))}
        for situation, config in NUMBERS
    ]
    document = {
        "about": ABOUT,
        "versions": versions() | {"pillow": PIL.__version__},
        "images": {
            name: {"width": width, "height": height, "data": _text(np.asarray(images[name]))}
            for name, (width, height) in SIZES.items()
        },
        "rows": rows + numbers,
    }
    write_json(root / "images.json", document)


def _image(name: str, width: int, height: int) -> Image:
    random = np.random.default_rng(7)
    y, x = np.mgrid[:height, :width]
    if name == "ramp":
        channels = [x * 255 // (width - 1), y * 255 // (height - 1), (x * y) % 256, 255 - x]
    elif name == "checks":
        channels = [(x + y) % 2 * 255, (x // 3 + y // 2) % 2 * 255, x % 5 * 60, x * 0 + 255]
    else:
        channels = list(random.integers(0, 256, (4, height, width)))
        # The alpha values include both ends, 0 and 255.
        channels[3].flat[:4] = [0, 255, 1, 254][: channels[3].size]
    return fromarray(np.stack(channels, axis=-1).astype(np.uint8))


def _prepared(situation: str, name: str, image: Image, config: Json) -> Json:
    made = _processed(image, config | {"do_rescale": False, "do_normalize": False})
    _, height, width = made.shape
    rgb = {"width": width, "height": height, "data": _text(np.moveaxis(made, 0, -1))}
    return {"situation": situation, "image": name, "config": config, "rgb": rgb}


def _processed(image: Image, config: Json) -> np.ndarray:
    name = config.get("image_processor_type", config.get("feature_extractor_type", ""))
    kinds = [kind for beginning, kind in PROCESSORS.items() if name.startswith(beginning)]
    processor = (kinds or [ViTImageProcessorPil])[0](**config)
    shown = image if processor.do_convert_rgb else image.convert("RGB")
    made: np.ndarray = processor(shown, return_tensors="np")["pixel_values"][0]
    return made


def _text(array: np.ndarray) -> str:
    return b64encode(np.ascontiguousarray(array).tobytes()).decode()
