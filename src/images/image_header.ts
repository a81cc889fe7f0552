import type { ImageSize } from './resize';

/** Bytes read at once. */
const WINDOW = 2 ** 12;
/** The most segments of a JPEG before its size. Cameras write about twenty. */
const MAX_SEGMENTS = 1024;

/**
 * The size in the header of a PNG, JPEG, WebP, GIF or BMP; undefined for other files, and for a JPEG whose size is not found. It is checked
 * before decoding, because decoders allocate memory in proportion to it.
 */
export async function declaredSize(file: Blob): Promise<ImageSize | undefined> {
  const head = await windowAt(file, 0);
  if (head.byteLength < 32) return undefined;
  if (head.getUint32(0) === 0x89504e47) return { width: head.getUint32(16), height: head.getUint32(20) };
  if (textAt(head, 0, 4) === 'GIF8') return { width: head.getUint16(6, true), height: head.getUint16(8, true) };
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

/** The size of the first frame, after the segments of camera data, profiles and thumbnails. */
async function jpegSize(file: Blob): Promise<ImageSize | undefined> {
  let start = 0;
  let bytes = await windowAt(file, start);
  let at = 2;
  for (let segment = 0; segment < MAX_SEGMENTS; segment++) {
    if (at - start + 9 > bytes.byteLength) {
      start = at;
      bytes = await windowAt(file, start);
      if (bytes.byteLength < 9) return undefined;
    }
    const marker = bytes.getUint16(at - start);
    if (isFrame(marker)) return { height: bytes.getUint16(at - start + 5), width: bytes.getUint16(at - start + 7) };
    // A marker may follow any number of 0xff bytes.
    at += marker === 0xffff ? 1 : 2 + bytes.getUint16(at - start + 2);
  }
  return undefined;
}

/** SOF0 to SOF15. The excluded markers in this range are tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
}

async function windowAt(file: Blob, start: number): Promise<DataView> {
  return new DataView(await file.slice(start, start + WINDOW).arrayBuffer());
}

function textAt(bytes: DataView, start: number, length: number): string {
  return String.fromCharCode(...Array.from({ length }, (_, i) => bytes.getUint8(start + i)));
}
