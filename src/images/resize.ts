import type { RgbImage } from '../core/types/image';

/** The names of PIL's filters. */
export type Resample = 'nearest' | 'lanczos' | 'bilinear' | 'bicubic';

export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

interface Filter {
  /** The distance from its centre at which the filter becomes 0. */
  readonly support: number;
  readonly at: (x: number) => number;
}

const FILTERS: Readonly<Record<Exclude<Resample, 'nearest'>, Filter>> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: (x) => bicubic(Math.abs(x)) },
  lanczos: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** PIL's weights are integers, in units of 2^−22. */
const PRECISION_BITS = 22;
/** One half in the same fixed-point format. It is added before the low bits are dropped, so that the result is rounded. */
const HALF = 2 ** (PRECISION_BITS - 1);
const CHANNELS = 3;

/** For each pixel of a new row or column: the old pixels from which it is computed, and their weights. */
interface Weights {
  /** The largest number of old pixels for one new pixel. */
  readonly most: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** The weights of the old pixels: (length of the new row or column, most). */
  readonly weights: Int32Array;
}

/**
 * Resizes an image with exactly the same result as `Image.resize` of Pillow 13 without `reducing_gap`. Filters widen with the scale, so
 * that a smaller image has no aliasing, and bytes are rounded after each of two passes. The order of the passes affects some bytes; before
 * Pillow 13, the horizontal pass was always first.
 */
export function resize(image: RgbImage, size: ImageSize, resample: Resample): RgbImage {
  const { height, width } = size;
  if (image.height === height && image.width === width) return image;
  if (resample === 'nearest') return nearest(image, size);
  const filter = FILTERS[resample];
  const across = (given: RgbImage): RgbImage =>
    given.width === width ? given : horizontal(given, weightsOf(given.width, width, filter));
  const down = (given: RgbImage): RgbImage =>
    given.height === height ? given : vertical(given, weightsOf(given.height, height, filter));
  const lost = image.height - height;
  return lost > 0 && lost > 2 * (image.width - width) ? across(down(image)) : down(across(image));
}

function weightsOf(from: number, to: number, filter: Filter): Weights {
  const scale = from / to;
  const filterScale = Math.max(1, scale);
  const support = filter.support * filterScale;
  const most = Math.ceil(support) * 2 + 1;
  const [first, count] = [new Int32Array(to), new Int32Array(to)];
  const weights = new Int32Array(to * most);
  const exact = new Float64Array(most);
  for (let pixel = 0; pixel < to; pixel++) {
    const center = (pixel + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const taken = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let i = 0; i < taken; i++) {
      const weight = filter.at((i + start - center + 0.5) * (1 / filterScale));
      exact[i] = weight;
      sum += weight;
    }
    for (let i = 0; i < taken; i++) {
      const weight = (exact[i] as number) / (sum === 0 ? 1 : sum);
      weights[pixel * most + i] = Math.trunc(weight * 2 ** PRECISION_BITS + (weight < 0 ? -0.5 : 0.5));
    }
    first[pixel] = start;
    count[pixel] = taken;
  }
  return { most, first, count, weights };
}

function horizontal({ height, width, data }: RgbImage, { most, first, count, weights }: Weights): RgbImage {
  const made = new Uint8Array(height * first.length * CHANNELS);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < first.length; x++, to += CHANNELS) {
      let from = (y * width + (first[x] as number)) * CHANNELS;
      let [red, green, blue] = [HALF, HALF, HALF];
      const [start, end] = [x * most, x * most + (count[x] as number)];
      for (let i = start; i < end; i++, from += CHANNELS) {
        const weight = weights[i] as number;
        red += (data[from] as number) * weight;
        green += (data[from + 1] as number) * weight;
        blue += (data[from + 2] as number) * weight;
      }
      made[to] = toByte(red);
      made[to + 1] = toByte(green);
      made[to + 2] = toByte(blue);
    }
  }
  return { height, width: first.length, data: made };
}

function vertical({ width, data }: RgbImage, { most, first, count, weights }: Weights): RgbImage {
  const row = width * CHANNELS;
  const made = new Uint8Array(first.length * row);
  const sums = new Int32Array(row);
  for (let y = 0, to = 0; y < first.length; y++) {
    sums.fill(HALF);
    let from = (first[y] as number) * row;
    for (let i = 0; i < (count[y] as number); i++) {
      const weight = weights[y * most + i] as number;
      for (let x = 0; x < row; x++) sums[x] = (sums[x] as number) + (data[from++] as number) * weight;
    }
    for (let x = 0; x < row; x++) made[to++] = toByte(sums[x] as number);
  }
  return { height: first.length, width, data: made };
}

function toByte(sum: number): number {
  return Math.min(255, Math.max(0, sum >> PRECISION_BITS));
}

function nearest({ height, width, data }: RgbImage, size: ImageSize): RgbImage {
  const [rows, columns] = [nearestOf(height, size.height), nearestOf(width, size.width)];
  const made = new Uint8Array(size.height * size.width * CHANNELS);
  for (let y = 0, to = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, to += CHANNELS) {
      const from = ((rows[y] as number) * width + (columns[x] as number)) * CHANNELS;
      for (let channel = 0; channel < CHANNELS; channel++) made[to + channel] = data[from + channel] as number;
    }
  }
  return { ...size, data: made };
}

/**
 * Returns the old pixel for each new one. As in PIL, positions are computed by repeated addition, whose rounding can change the chosen
 * pixel.
 */
function nearestOf(from: number, to: number): Int32Array {
  const scale = from / to;
  const places = new Int32Array(to);
  for (let i = 0, at = scale * 0.5; i < to; i++, at += scale) places[i] = Math.min(from - 1, Math.trunc(at));
  return places;
}

function bicubic(x: number): number {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}
