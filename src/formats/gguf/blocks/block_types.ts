import { f16ToNumber } from '../../../core/numbers/float16';

/**
 * The contents of a block: element = scale · code, or scale · code + minimum. Each operation rounds to float32, as in llama.cpp and the
 * Python package `gguf`. Every 16 elements share a scale and a minimum.
 */
export interface Groups {
  readonly codes: Int8Array;
  readonly scales: Float32Array;
  readonly minimums: Float32Array;
}

/** A packed data type of GGUF: it stores `elements` numbers in a block of `bytes` bytes. */
export interface BlockType {
  readonly name: string;
  readonly elements: number;
  readonly bytes: number;
  /** Whether blocks have minimums. If they do, their codes are unsigned. */
  readonly hasMinimum: boolean;
  /** Bits per code. */
  readonly bits: number;
  read(block: DataView, groups: Groups): void;
}

/** How many numbers share a scale. */
export const GROUP = 16;
/** Elements per block of the K types (Q4_K, Q5_K, Q6_K), whose blocks are the largest. */
export const K = 256;

const half = (block: DataView, at: number): number => f16ToNumber(block.getUint16(at, true));
const { fround } = Math;

/**
 * Blocks of 32 codes. Sixteen bytes hold the four low bits of each: their low nibbles belong to the first 16 codes, their high nibbles to
 * the other 16. With 5 bits per code, a 32-bit word holds the fifth bits.
 */
function nibbles(
  name: string,
  { bits, hasMinimum }: { readonly bits: 4 | 5; readonly hasMinimum: boolean },
): BlockType {
  const high = hasMinimum ? 4 : 2;
  const quants = high + (bits === 5 ? 4 : 0);
  const zero = hasMinimum ? 0 : 2 ** (bits - 1);
  return {
    name,
    elements: 32,
    bytes: quants + 16,
    hasMinimum,
    bits,
    read(block, { codes, scales, minimums }) {
      scales.fill(half(block, 0), 0, 2);
      minimums.fill(hasMinimum ? half(block, 2) : 0, 0, 2);
      const fifth = bits === 5 ? block.getUint32(high, true) : 0;
      for (let i = 0; i < 32; i++) {
        const byte = block.getUint8(quants + (i & 15));
        codes[i] = ((i < 16 ? byte & 15 : byte >> 4) | (((fifth >>> i) & 1) << 4)) - zero;
      }
    },
  };
}

/** Reads a group's scale and minimum. Twelve bytes hold the scales and minimums of eight groups, six bits for each. */
function scaleAndMinimum(block: DataView, at: number, group: number): readonly [scale: number, minimum: number] {
  const byte = (index: number): number => block.getUint8(at + index);
  if (group < 4) return [byte(group) & 63, byte(group + 4) & 63];
  const low = byte(group + 4);
  return [(low & 15) | ((byte(group - 4) >> 6) << 4), (low >> 4) | ((byte(group) >> 6) << 4)];
}

/** Blocks of 256 codes in eight groups of 32. Each group has a scale and a minimum. */
function grouped(name: string, bits: 4 | 5): BlockType {
  const high = 16;
  const quants = bits === 5 ? high + 32 : 16;
  return {
    name,
    elements: K,
    bytes: quants + 128,
    hasMinimum: true,
    bits,
    read(block, { codes, scales, minimums }) {
      const [d, dmin] = [half(block, 0), half(block, 2)];
      for (let group = 0; group < 8; group++) {
        const [scale, minimum] = scaleAndMinimum(block, 4, group);
        scales.fill(d * scale, 2 * group, 2 * group + 2);
        minimums.fill(-(dmin * minimum), 2 * group, 2 * group + 2);
        for (let i = 0; i < 32; i++) {
          const byte = block.getUint8(quants + 32 * (group >> 1) + i);
          const fifth = bits === 5 ? (block.getUint8(high + i) >> group) & 1 : 0;
          codes[32 * group + i] = (group & 1 ? byte >> 4 : byte & 15) | (fifth << 4);
        }
      }
    },
  };
}

const Q8_0: BlockType = {
  name: 'Q8_0',
  elements: 32,
  bytes: 34,
  hasMinimum: false,
  bits: 8,
  read(block, { codes, scales }) {
    scales.fill(half(block, 0), 0, 2);
    for (let i = 0; i < 32; i++) codes[i] = block.getInt8(2 + i);
  },
};

/**
 * Blocks of 256 codes in sixteen groups of 16. Each group has a scale. 128 bytes hold the four low bits of the codes, 64 bytes the two high
 * bits.
 */
const Q6_K: BlockType = {
  name: 'Q6_K',
  elements: K,
  bytes: 210,
  hasMinimum: false,
  bits: 6,
  read(block, { codes, scales }) {
    const d = half(block, 208);
    for (let group = 0; group < K / GROUP; group++) scales[group] = d * block.getInt8(192 + group);
    for (let i = 0; i < K; i++) {
      const [side, within] = [i >> 7, i & 127];
      const low = block.getUint8(64 * side + (within & 63)) >> (within < 64 ? 0 : 4);
      const high = block.getUint8(128 + 32 * side + (within & 31)) >> (2 * (within >> 5));
      codes[i] = ((low & 15) | ((high & 3) << 4)) - 32;
    }
  },
};

/** All supported packed types, keyed by ggml's type numbers. */
export const BLOCK_TYPES: ReadonlyMap<number, BlockType> = new Map([
  [2, nibbles('Q4_0', { bits: 4, hasMinimum: false })],
  [3, nibbles('Q4_1', { bits: 4, hasMinimum: true })],
  [6, nibbles('Q5_0', { bits: 5, hasMinimum: false })],
  [7, nibbles('Q5_1', { bits: 5, hasMinimum: true })],
  [8, Q8_0],
  [12, grouped('Q4_K', 4)],
  [13, grouped('Q5_K', 5)],
  [14, Q6_K],
]);

/** Unpacks whole blocks to float32. */
export function unpackBlocks(type: BlockType, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array((bytes.length / type.bytes) * type.elements);
  let at = 0;
  for (const { codes, scales, minimums } of blocksOf(type, bytes)) {
    for (let i = 0; i < type.elements; i++) {
      const number = fround((scales[i >> 4] ?? 0) * (codes[i] ?? 0));
      // Adding a minimum of 0 would change −0 to 0.
      out[at++] = type.hasMinimum ? number + (minimums[i >> 4] ?? 0) : number;
    }
  }
  return out;
}

/** Yields the contents of each block. All blocks are read into the same arrays. */
export function* blocksOf(type: BlockType, bytes: Uint8Array): Generator<Groups, void, undefined> {
  const groups: Groups = {
    codes: new Int8Array(type.elements),
    scales: new Float32Array(type.elements / GROUP),
    minimums: new Float32Array(type.elements / GROUP),
  };
  for (let at = 0; at < bytes.length; at += type.bytes) {
    type.read(new DataView(bytes.buffer, bytes.byteOffset + at, type.bytes), groups);
    yield groups;
  }
}
