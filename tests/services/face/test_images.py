"""Pictures from strangers: each accident of face.md, section 4."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from unittest.mock import MagicMock

import numpy as np
import pytest
from PIL import Image, ImageFile

from services.face_service import images
from services.face_service.errors import BadImage


def file_of(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def half_red(size: tuple[int, int] = (200, 300)) -> Image.Image:
    picture = Image.new("RGB", size, (0, 0, 255))
    picture.paste((255, 0, 0), (0, 0, size[0], size[1] // 2))
    return picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_three_formats_become_contiguous_rgb_bytes(kind: str) -> None:
    pixels = images.decode_image(file_of(half_red(), kind))
    assert (pixels.shape, pixels.dtype, pixels.flags["C_CONTIGUOUS"]) == ((300, 200, 3), np.uint8, True)
    assert pixels[10, 100, 0] > 200 > 60 > pixels[10, 100, 2]


def test_a_picture_from_a_turned_phone_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = images.decode_image(file_of(half_red(), exif=exif))
    assert pixels.shape == (200, 300, 3)
    assert pixels[100, 290, 0] > 200, "the red top must have moved to the right"


def test_broken_exif_does_not_spoil_a_good_picture() -> None:
    assert images.decode_image(file_of(half_red(), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")).shape == (300, 200, 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_hidden_under_full_transparency_stays_hidden(kind: str) -> None:
    picture = half_red().convert("RGBA")
    picture.putalpha(0)
    assert images.decode_image(file_of(picture, kind, **({"exact": True} if kind == "WEBP" else {}))).min() == 255


def test_palette_transparency_is_shown_on_white() -> None:
    picture = Image.new("P", (200, 200), 1)
    picture.putpalette([255, 0, 0, 0, 0, 0])
    assert images.decode_image(file_of(picture, "PNG", transparency=1)).min() == 255


def test_a_print_shop_jpeg_in_cmyk_is_converted() -> None:
    pixels = images.decode_image(file_of(half_red().convert("CMYK")))
    assert pixels[10, 100, 0] > 150 > pixels[10, 100, 2]


def test_grey_pictures_get_three_channels() -> None:
    assert images.decode_image(file_of(half_red().convert("L"), "PNG")).shape == (300, 200, 3)


def test_sixteen_bit_grey_is_refused_rather_than_turned_white() -> None:
    picture = Image.fromarray(np.full((200, 200), 30000, dtype=np.uint16))
    with pytest.raises(BadImage, match="colour"):
        images.decode_image(file_of(picture, "PNG"))


def png_header(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    data = b"IDAT" + zlib.compress(b"\x00" * 1000)
    return b"".join([
        b"\x89PNG\r\n\x1a\n", struct.pack(">I", len(head)), chunk, struct.pack(">I", zlib.crc32(chunk)),
        struct.pack(">I", len(data) - 4), data, struct.pack(">I", zlib.crc32(data)),
    ])  # fmt: skip


@pytest.mark.parametrize("side", [6000, 20_000, 60_000])
def test_a_bomb_is_refused_by_its_header_before_it_is_unpacked(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("the bomb was unpacked"))
    with pytest.raises(BadImage):
        images.decode_image(png_header(side, side))


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("WEBP", "RGBA")])
def test_a_large_transparent_picture_is_made_small_before_it_is_laid_on_white(
    kind: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid: list[tuple[int, int]] = []
    real = Image.alpha_composite
    monkeypatch.setattr(Image, "alpha_composite", lambda one, two: laid.append(two.size) or real(one, two))
    picture = Image.new(mode, (600, 500), 0)
    assert images.decode_image(file_of(picture, kind), 300).min() == 255
    assert laid == [(300, 250)], "a picture of 100 kB would take five times its 25 megapixels in memory"


@pytest.mark.parametrize(("kind", "alone"), [("PNG", 1), ("WEBP", 1), ("JPEG", 0)])
def test_large_pictures_are_unpacked_one_at_a_time(kind: str, alone: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JPEG is unpacked small in the first place."""
    held = MagicMock()
    monkeypatch.setattr(images, "_one_large_at_a_time", held)
    monkeypatch.setattr(images, "LARGE_PIXELS", 700 * 700)
    for side in (600, 800):
        images.decode_image(file_of(Image.new("RGB", (side, side)), kind), 320)
    assert (held.__enter__.call_count, held.__exit__.call_count) == (alone, alone)


def test_a_cut_file_is_refused_even_after_another_library_allowed_cut_files() -> None:
    data = file_of(Image.effect_noise((400, 400), 90).convert("RGB"))
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    with pytest.raises(BadImage):
        images.decode_image(data[: len(data) * 6 // 10])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_moving_pictures_are_refused(kind: str) -> None:
    frames = [Image.effect_noise((200, 200), sigma).convert("RGB") for sigma in (10, 90)]
    with pytest.raises(BadImage, match="moves"):
        images.decode_image(file_of(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, I am text",
        b"\xff\xd8\xff",
        b"%PDF-1.4",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x00" * 5000,
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadImage):
        images.decode_image(data)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(BadImage):
        images.decode_image(file_of(half_red(), kind))


def test_too_small_and_too_heavy_pictures_are_refused() -> None:
    with pytest.raises(BadImage, match="small"):
        images.decode_image(file_of(half_red((159, 400))))
    with pytest.raises(BadImage, match="8 MB"):
        images.decode_image(file_of(half_red()) + b"\x00" * images.MAX_BYTES)


def test_large_pictures_are_brought_to_working_size() -> None:
    assert max(images.decode_image(file_of(half_red((3000, 4000)))).shape) == images.WORKING_SIDE


def url_of(data: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(data).decode()


def test_a_data_url_gives_the_picture() -> None:
    assert images.decode_data_url(url_of(file_of(half_red()))).shape == (300, 200, 3)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda url: url.replace("+", " ") if "+" in url else url[:-9] + " " + url[-8:],
        lambda url: url[:60] + "\n" + url[60:],
        lambda url: url[:60] + "*" + url[60:],
        lambda url: url[:-1] if url.endswith("=") else url + "=",
        lambda url: url.replace("image/jpeg", "text/html"),
        lambda url: url.split(",")[1],
        lambda url: url + "é",
        lambda url: "data:image/jpeg;base64,",
        lambda url: "data:image/jpeg;base64," + "A" * (images.MAX_BYTES * 2),
        lambda url: None,
        lambda url: 7,
    ],
)
def test_a_damaged_data_url_is_refused(spoil) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadImage):
        images.decode_data_url(spoil(url_of(file_of(Image.effect_noise((300, 300), 80).convert("RGB")))))


def test_a_written_jpeg_reads_back_and_carries_no_metadata() -> None:
    pixels = images.decode_image(file_of(half_red()))
    again = images.encode_jpeg(pixels[:, ::-1], 95)
    assert np.abs(images.decode_image(again).astype(int) - pixels[:, ::-1]).mean() < 3
    assert "exif" not in Image.open(io.BytesIO(again)).info
