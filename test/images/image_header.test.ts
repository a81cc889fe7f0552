import { describe, expect, test } from 'vitest';
import { declaredSize } from '../../src/images/image_header';
import { bytesOf } from './golden_images';

/** Images of 5×3 pixels that Pillow wrote, in base64. */
const written: readonly (readonly [string, string])[] = [
  ['PNG', 'iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAAFElEQVR4nGM8wSXCgASYGFABOh8AKsgA7DA1UUcAAAAASUVORK5CYII='],
  [
    'JPEG',
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////2wBDAf//////////////////////////////////////////////////////////////////////////////////////wAARCAADAAUDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAAAQL/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCQAt//2Q==',
  ],
  [
    'progressive JPEG',
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////2wBDAf//////////////////////////////////////////////////////////////////////////////////////wgARCAADAAUDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAH/xAAUAQEAAAAAAAAAAAAAAAAAAAAB/9oADAMBAAIQAxAAAAGAf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAQUCf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Bf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Bf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEABj8Cf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8hf//aAAwDAQACAAMAAAAQD//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Qf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Qf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8Qf//Z',
  ],
  ['lossy WebP', 'UklGRjAAAABXRUJQVlA4ICQAAABwAQCdASoFAAMADMDOJaACdAFAAAD+4LkIw0a/ihzZ3AqAAAA='],
  ['lossless WebP', 'UklGRh4AAABXRUJQVlA4TBEAAAAvBIAAAAdQhSKXov+BiOh/AAA='],
  [
    'extended WebP',
    'UklGRlQAAABXRUJQVlA4WAoAAAAQAAAABAAAAgAAQUxQSAoAAAABB1CtiAhERP8DVlA4ICQAAABwAQCdASoFAAMADMDOJaACdAFAAAD+4LkIw0a/ihzZ3AqAAAA=',
  ],
  ['GIF', 'R0lGODdhBQADAIEAAMgKFAAAAAAAAAAAACwAAAAABQADAAAICAABCBxIsGBAADs='],
  [
    'BMP',
    'Qk1mAAAAAAAAADYAAAAoAAAABQAAAAMAAAABABgAAAAAADAAAADEDgAAxA4AAAAAAAAAAAAAFArIFArIFArIFArIFArIABQKyBQKyBQKyBQKyBQKyAAUCsgUCsgUCsgUCsgUCsgA',
  ],
];
const fileOf = (...parts: readonly Uint8Array<ArrayBuffer>[]): Blob => new Blob([...parts]);
const size = { width: 5, height: 3 };
const endlessSize = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };

test.each(written)('%s', async (_, base64) => {
  expect(await declaredSize(fileOf(bytesOf(base64)))).toEqual(size);
});

test.each([
  ['WebP', 'UklGRhQAAABXRUJQVlA4TAgAAAAv////D4iICA=='],
  ['GIF', 'R0lGODlhAQABAAAAACwAAAAAAEAAQAACAQAAOw=='],
  ['BMP', 'Qk0aAAAAAAAAABoAAAAMAAAAAEAAQAEAGAA='],
])('a %s of less than 32 bytes with many pixels', async (_, base64) => {
  expect(await declaredSize(fileOf(bytesOf(base64)))).toEqual({ width: 16_384, height: 16_384 });
});

test.each([0, 1, 13, 31])('%s bytes without an image have no size', async (length) => {
  expect(await declaredSize(fileOf(new Uint8Array(length).fill(0x47)))).toBeUndefined();
});

describe('a JPEG', () => {
  const jpeg = bytesOf(written[1]?.[1] ?? '');
  const [start, rest] = [jpeg.slice(0, 2), jpeg.slice(2)];
  const segment = (length: number): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(2 + length);
    bytes.set([0xff, 0xe1, length >> 8, length & 255]);
    return bytes;
  };

  test('behind much else', async () => {
    expect(await declaredSize(fileOf(start, segment(65535), segment(4090), segment(9), rest))).toEqual(size);
    for (let length = 4080; length < 4096; length++) {
      expect(await declaredSize(fileOf(start, segment(length), Uint8Array.of(0xff), rest))).toEqual(size);
    }
  });

  test('behind markers without a segment, and bytes that decoders skip', async () => {
    // A reader that expects a length after every marker would skip from 0xff01 to this 9×9 frame inside camera data.
    const hiding = segment(65535);
    const frame = [0xff, 0xc0, 0, 17, 8, 0, 9, 0, 9, 3];
    hiding.set(frame, 0xffe1);
    expect(await declaredSize(fileOf(start, Uint8Array.of(0xff, 1), hiding, rest))).toEqual(size);
    const between = Uint8Array.of(1, 2, 0xff, 0, 0xff, 0xd0, 0xff, 0xff);
    expect(await declaredSize(fileOf(start, between, rest))).toEqual(size);
    expect(await declaredSize(fileOf(start, new Uint8Array(10_000), segment(9), rest))).toEqual(size);
  });

  test('behind too many segments counts as infinitely large', async () => {
    const hidden = fileOf(start, ...Array.from({ length: 1024 }, () => segment(2)), rest);
    expect(await declaredSize(hidden)).toEqual(endlessSize);
  });

  test('that is cut off has no size', async () => {
    expect(await declaredSize(fileOf(start, segment(100)))).toBeUndefined();
    expect(await declaredSize(fileOf(start, segment(2000).slice(0, 50)))).toBeUndefined();
  });
});

test('a GIF whose screen is smaller than its first frame, behind a comment', async () => {
  const gif = bytesOf(written[6]?.[1] ?? '');
  gif.set([1, 0, 1, 0], 6);
  expect(await declaredSize(fileOf(gif))).toEqual(size);
  const colours = 13 + 3 * 4;
  const comment = Uint8Array.of(0x21, 0xfe, 3, 0x2c, 9, 0, 1, 7, 0);
  expect(await declaredSize(fileOf(gif.slice(0, colours), comment, gif.slice(colours)))).toEqual(size);
  const packet = Uint8Array.from({ length: 3000 * 76 }, (_, i) => (i % 76 === 0 ? 75 : 0x2c));
  const metadata = [Uint8Array.of(0x21, 0xff), packet, Uint8Array.of(0)];
  expect(await declaredSize(fileOf(gif.slice(0, colours), ...metadata, gif.slice(colours)))).toEqual(size);
  const endless = new Uint8Array(5_000_000).fill(1);
  expect(await declaredSize(fileOf(gif.slice(0, colours), Uint8Array.of(0x21, 0xfe), endless))).toEqual(endlessSize);
});

test('a BMP whose rows begin at the top, and one of the old format', async () => {
  const bmp = bytesOf(written.at(-1)?.[1] ?? '');
  const view = new DataView(bmp.buffer);
  view.setInt32(22, -3, true);
  expect(await declaredSize(fileOf(bmp))).toEqual(size);
  view.setUint32(14, 12, true);
  view.setUint16(18, 5, true);
  view.setUint16(20, 3, true);
  expect(await declaredSize(fileOf(bmp))).toEqual(size);
});

test.each(['', 'B', 'RIFF....WEBPVP9 ................................', 'a text of more than thirty-two characters'])(
  '%j has no size',
  async (text) => {
    expect(await declaredSize(new Blob([text]))).toBeUndefined();
  },
);
