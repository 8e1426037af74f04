"""Photos as phones and attackers make them; what they show is invented."""

import struct
import zlib
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from PIL import Image
from PIL.ExifTags import GPS, Base

PLACE: Final = "GPS of a house"


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def picture(width: int = 320, height: int = 240, kind: str = "JPEG", seed: int = 0, **options: Any) -> bytes:
    """A card with a red left half, less wide by `seed`."""
    image = Image.new("RGB", (width, height), (40, 200, 180))
    image.paste((200, 30, 30), (0, 0, width // 2 - seed, height))
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def with_gps(width: int = 320, height: int = 240, orientation: int = 6) -> bytes:
    """A JPEG that tells where it was taken, and lies on its side."""
    exif = Image.Exif()
    exif[Base.Orientation.value] = orientation
    exif[Base.ImageDescription.value] = PLACE
    exif.get_ifd(Base.GPSInfo.value)[GPS.GPSLatitude.value] = (6.0, 9.0, 12.0)
    return picture(width, height, exif=exif, comment=PLACE.encode())


def noise(side: int = 700) -> bytes:
    """A photo of some hundred KB: several chunks."""
    image = Image.effect_noise((side, side), 80).convert("RGB")
    written = BytesIO()
    image.save(written, "JPEG", quality=90)
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small PNG that unfolds into a huge one."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(width // 8 + 1) * 1000) for _ in range(height // 1000)) + rows.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    )


def shown(content: bytes) -> Image.Image:
    """The picture in what a server answered."""
    image = Image.open(BytesIO(content))
    image.load()
    return image
