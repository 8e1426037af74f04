// A photo of the camera -> a small one without its EXIF: drawn anew, so that only what can be seen is left.
import type { Picture } from "./photos";

const LONGEST_SIDE = 1600;
/** The first that the browser can write; one that cannot write WebP writes PNG instead, which is no answer. */
const KINDS = [
  ["image/webp", 0.75],
  ["image/jpeg", 0.8],
] as const;

/** The file is no picture that this browser can show. */
export class NoPicture extends Error {}

type Canvas = OffscreenCanvas | HTMLCanvasElement;

function canvasOf(width: number, height: number): Canvas {
  if (typeof OffscreenCanvas === "function") return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement("canvas"), { width, height });
}

function written(canvas: Canvas, type: string, quality: number): Promise<Blob | null> {
  if ("convertToBlob" in canvas) return canvas.convertToBlob({ type, quality });
  return new Promise((done) => canvas.toBlob(done, type, quality));
}

/** At most 1,600 px, upright, WebP or JPEG. Raises NoPicture. */
export async function shrink(file: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new NoPicture();
  });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = canvasOf(width!, height!);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  context.imageSmoothingQuality = "high";
  // What is transparent becomes white, as on paper.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width!, height!);
  context.drawImage(bitmap, 0, 0, width!, height!);
  bitmap.close();
  for (const [type, quality] of KINDS) {
    const blob = await written(canvas, type, quality);
    if (blob?.type === type) return { bytes: await blob.arrayBuffer(), type };
  }
  throw new NoPicture();
}
