import { WebVeraError } from '../../../core/errors/error';
import { unreadable } from '../../../core/input/unreadable';
import type { RgbImage } from '../../../core/types/image';
import { MOST_PIXEL_BYTES } from './examples';

/** The file of a profile's images, one for each line of the examples file, in the format of numpy.save: bytes (N, H, W, 3). */
export const IMAGES = 'images.npy';

const HEAD = 128;
const CHANNELS = 3;

/** The expected content of a file of images. */
interface ImageCount {
  readonly count: number;
  /** Edge length in pixels. */
  readonly size: number;
}

export function imageFile(images: readonly RgbImage[]): Blob {
  const [first] = images;
  const head = headOf({ count: images.length, size: first?.height ?? 0 });
  return new Blob([head, ...images.map(({ data }) => data as Uint8Array<ArrayBuffer>)]);
}

/**
 * Reads the images of a file. Rejects with `invalid_format` unless `imageFile` could have written the file for the expected number and size
 * of images, and with `limit_exceeded` for a file that is too large, before it is read.
 */
export async function readImages(file: Blob, expected: ImageCount): Promise<RgbImage[]> {
  const { count, size } = expected;
  const most = HEAD + MOST_PIXEL_BYTES;
  if (file.size > most) {
    throw new WebVeraError('limit_exceeded', `${IMAGES}: expected at most ${most} bytes, got ${file.size}`);
  }
  const length = CHANNELS * size ** 2;
  if (file.size !== HEAD + count * length) throw otherFile(expected, file.size);
  const bytes = new Uint8Array(await file.arrayBuffer().catch(unreadable(IMAGES)));
  if (headOf(expected).some((byte, index) => byte !== bytes[index])) throw otherFile(expected, file.size);
  return Array.from({ length: count }, (_, index) => {
    // Each image gets its own buffer: storing a view would store the whole buffer.
    const data = bytes.slice(HEAD + index * length, HEAD + (index + 1) * length);
    return { height: size, width: size, data };
  });
}

/** Returns the file's header, in numpy's format 1.0, padded with spaces. */
function headOf({ count, size }: ImageCount): Uint8Array<ArrayBuffer> {
  const version = [1, 0];
  const rest = HEAD - 10;
  const about = `{'descr': '|u1', 'fortran_order': False, 'shape': (${count}, ${size}, ${size}, ${CHANNELS}), }`;
  const codes = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));
  return Uint8Array.from([0x93, ...codes('NUMPY'), ...version, rest, 0, ...codes(`${about.padEnd(rest - 1)}\n`)]);
}

function otherFile({ count, size }: ImageCount, got: number): WebVeraError {
  const shape = `(${count}, ${size}, ${size}, ${CHANNELS})`;
  const message = `${IMAGES}: expected numpy's bytes ${shape}, an image for each example, got another file of ${got} bytes`;
  return new WebVeraError('invalid_format', message);
}
