import { expect, test } from 'vitest';
import { movedImages } from '../../../src/tasks/image_classification/moved_images';

const sizes = { channels: 3, size: 4, patch: 2, patches: 4 };
/** Returns a different number for each pixel and channel. */
const numberAt = (y: number, x: number, channel: number): number => 50 * channel + 10 * y + x;
const inside = (at: number): number => Math.min(Math.max(at, 0), 3);

/** Returns an image moved right and down: pixel (y, x) has the values of (y − down, x − right), or of the nearest pixel at the border. */
function pixels(right: number, down: number, isBytes: boolean): number[] {
  const places = Array.from({ length: 48 }, (_, at) =>
    isBytes
      ? [Math.floor(at / 12), Math.floor(at / 3) % 4, at % 3]
      : [Math.floor(at / 4) % 4, at % 4, Math.floor(at / 16)],
  );
  return places.map(([y = 0, x = 0, channel = 0]) => numberAt(inside(y - down), inside(x - right), channel));
}

test.each([true, false])('moves images to four sides, and repeats their edges: bytes %s', (isBytes) => {
  const own = pixels(0, 0, isBytes);
  const row = { pixels: isBytes ? Uint8Array.from(own) : Float32Array.from(own), targets: [2], weight: 0.5 };
  const moved = movedImages(sizes).map((view) => view.of(row));
  const expected = [pixels(-1, 0, isBytes), pixels(1, 0, isBytes), pixels(0, -1, isBytes), pixels(0, 1, isBytes)];
  expect(moved.map((one) => [...one.pixels])).toEqual(expected);
  expect(moved.map(({ targets, weight }) => [targets, weight])).toEqual(Array(4).fill([[2], 0.5]));
  expect([...row.pixels]).toEqual(own);
});

test('moves larger images further: by a 28th of their size', () => {
  const size = 56;
  const row = {
    pixels: Uint8Array.from({ length: 3 * size * size }, (_, at) => Math.floor(at / 3) % size),
    targets: [0],
    weight: 1,
  };
  const [left] = movedImages({ channels: 3, size, patch: 14, patches: 16 });
  expect(left?.of(row).pixels[0]).toBe(2);
});
