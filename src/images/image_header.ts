import type { ImageSize } from './resize';

/** The number of bytes read at a time. */
const WINDOW = 2 ** 12;
/** The maximum number of JPEG segments, or of reads from a GIF, before the image's size is found. Cameras write about twenty segments. */
const MAX_SEGMENTS = 1024;
/** The result of `declaredSize` for an image whose size isn't found within `MAX_SEGMENTS`. Such an image is never decoded. */
const HIDDEN: ImageSize = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };

/**
 * Returns the size in the header of a PNG, JPEG, WebP, GIF or BMP; undefined for other files and for a truncated JPEG. The size is infinite
 * if it comes after too many segments. It is checked before decoding, because decoders allocate memory in proportion to it.
 */
export async function declaredSize(file: Blob): Promise<ImageSize | undefined> {
  // A file may end within the bytes that are read here: a WebP of any size takes 28 bytes, if all its pixels are equal.
  const head = await windowAt(new Blob([file.slice(0, WINDOW), new Uint8Array(32)]), 0);
  if (head.getUint32(0) === 0x89504e47) return { width: head.getUint32(16), height: head.getUint32(20) };
  if (textAt(head, 0, 4) === 'GIF8') return gifSize(file, head);
  if (textAt(head, 0, 2) === 'BM') return bmpSize(head);
  if (textAt(head, 0, 4) === 'RIFF' && textAt(head, 8, 4) === 'WEBP') return webpSize(head);
  return head.getUint16(0) === 0xffd8 ? jpegSize(file) : undefined;
}

function bmpSize(head: DataView): ImageSize {
  if (head.getUint32(14, true) === 12) return { width: head.getUint16(18, true), height: head.getUint16(20, true) };
  // A negative height means that rows are stored top to bottom.
  return { width: Math.abs(head.getInt32(18, true)), height: Math.abs(head.getInt32(22, true)) };
}

function webpSize(head: DataView): ImageSize | undefined {
  const bits14 = (number: number): number => number & 0x3fff;
  const uint24 = (at: number): number => head.getUint16(at, true) + 2 ** 16 * head.getUint8(at + 2);
  switch (textAt(head, 12, 4)) {
    case 'VP8X':
      return { width: uint24(24) + 1, height: uint24(27) + 1 };
    case 'VP8L':
      return { width: bits14(head.getUint32(21, true)) + 1, height: bits14(head.getUint32(21, true) >>> 14) + 1 };
    case 'VP8 ':
      return { width: bits14(head.getUint16(26, true)), height: bits14(head.getUint16(28, true)) };
    default:
      return undefined;
  }
}

/**
 * Returns the size of the GIF's logical screen, enlarged to hold the first frame, as browsers do. Without a first frame, as in a truncated
 * file, it is the size of the screen alone.
 */
async function gifSize(file: Blob, head: DataView): Promise<ImageSize> {
  const screen = { width: head.getUint16(6, true), height: head.getUint16(8, true) };
  const flags = head.getUint8(10);
  let at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let isInside = false;
  let [bytes, start] = [head, 0];
  for (let windows = 0; windows < MAX_SEGMENTS; ) {
    if (at + 10 > start + bytes.byteLength) {
      [bytes, start] = [await windowAt(file, at), at];
      if (bytes.byteLength < 10) return screen;
      windows += 1;
    }
    const first = bytes.getUint8(at - start);
    if (isInside) {
      // An extension is a list of sub-blocks. Each begins with a byte that holds its length. A length of 0 ends the list.
      isInside = first !== 0;
      at += 1 + first;
    } else if (first === 0x21) {
      isInside = true;
      at += 2;
    } else {
      if (first !== 0x2c) return screen;
      const frame = at - start + 1;
      const end = (place: number): number => bytes.getUint16(place, true) + bytes.getUint16(place + 4, true);
      return { width: Math.max(screen.width, end(frame)), height: Math.max(screen.height, end(frame + 2)) };
    }
  }
  return HIDDEN;
}

/** Returns the size of the first frame. The segments of camera data, profiles and thumbnails come before it. */
async function jpegSize(file: Blob): Promise<ImageSize | undefined> {
  let at = 2;
  for (let segment = 0; segment < MAX_SEGMENTS; segment++) {
    const bytes = await windowAt(file, at);
    const { marker, end } = firstMarker(bytes);
    if (end + 7 > bytes.byteLength) {
      if (end === 2 || bytes.byteLength < 9) return undefined;
      at += end - 2;
    } else if (isFrame(marker)) {
      return { height: bytes.getUint16(end + 3), width: bytes.getUint16(end + 5) };
    } else {
      at += end + (isAlone(marker) ? 0 : Math.max(2, bytes.getUint16(end)));
    }
  }
  return HIDDEN;
}

/** Finds the first marker and the offset after it. Bytes between segments are skipped, as decoders do. */
function firstMarker(bytes: DataView): { readonly marker: number; readonly end: number } {
  for (let at = 1; at < bytes.byteLength; at++) {
    const code = bytes.getUint8(at);
    if (bytes.getUint8(at - 1) === 0xff && code !== 0 && code !== 0xff) return { marker: 0xff00 + code, end: at + 1 };
  }
  return { marker: 0, end: bytes.byteLength + 1 };
}

/** Whether no segment follows the marker: TEM, RST0 to RST7, and the start of the image (SOI). */
function isAlone(marker: number): boolean {
  return marker === 0xff01 || (marker >= 0xffd0 && marker <= 0xffd8);
}

/** Whether a marker begins a frame: SOF0 to SOF15. The excluded markers in this range begin tables (DHT, DAC) or are reserved (JPG). */
function isFrame(marker: number): boolean {
  return marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
}

async function windowAt(file: Blob, start: number): Promise<DataView> {
  return new DataView(await file.slice(start, start + WINDOW).arrayBuffer());
}

function textAt(bytes: DataView, start: number, length: number): string {
  return String.fromCharCode(...Array.from({ length }, (_, i) => bytes.getUint8(start + i)));
}
