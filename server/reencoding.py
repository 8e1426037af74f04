"""The bytes of a photo -> the server's own encoding of what it shows (SPEC F3, F4).

Nothing of the original's bytes is ever passed on: no EXIF, no comment, no archive behind the picture.
"""

from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from sync.errors import Code, Refused

MEDIA_TYPE: Final = "image/webp"
MOST_PIXELS: Final = 25_000_000
LONGEST_SIDE: Final = 2048
QUALITY: Final = 80
_FORMATS: Final = ("JPEG", "PNG", "WEBP")


def reencoded(original: bytes) -> bytes:
    """A WebP of the photo, upright, its longest side at most 2,048 px. It takes up to a second of a core.

    Raises Refused: photo_type_unsupported, photo_too_large or photo_unreadable.
    """
    if not _is_known(original):
        raise Refused(Code.photo_type_unsupported)
    try:
        return _webp(_picture(original))
    except (Refused, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise Refused(Code.photo_too_large) from error
    except Exception as error:
        # What a decoder raises for damaged bytes is no closed list: OSError, SyntaxError, struct.error and more.
        raise Refused(Code.photo_unreadable) from error


def _is_known(original: bytes) -> bool:
    """By what the file begins with; no name and no declared type is believed."""
    is_webp = original[:4] == b"RIFF" and original[8:12] == b"WEBP"
    return is_webp or original.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def _picture(original: bytes) -> Image.Image:
    with Image.open(BytesIO(original), formats=_FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise Refused(Code.photo_too_large)
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return ImageOps.exif_transpose(picture)


def _webp(picture: Image.Image) -> bytes:
    # A new image has none of what the decoder noted beside the pixels.
    clean = Image.new("RGB", picture.size, "white")
    clean.paste(picture, mask=picture if picture.mode == "RGBA" else None)
    written = BytesIO()
    clean.save(written, "WEBP", quality=QUALITY)
    return written.getvalue()
