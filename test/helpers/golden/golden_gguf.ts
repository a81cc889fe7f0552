import { readFileSync } from 'node:fs';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';

/** A part of a file after its header: a tensor of the base model, or other float32 values. */
interface Piece {
  readonly name?: string;
  readonly rows?: readonly number[];
  readonly turned?: true;
  readonly numbers?: readonly number[];
}

interface Model {
  readonly base: string;
  readonly header: string;
  readonly pieces: readonly Piece[];
}

/** Files that the Python package `gguf` wrote, and what it reads from them, in base64. The field `about` describes the fields. */
const golden = JSON.parse(readFileSync('test/golden/gguf.json', 'utf8')) as {
  readonly blocks: readonly {
    readonly name: string;
    readonly type: number;
    readonly bytes: string;
    readonly values: string;
  }[];
  readonly packed: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly models: Readonly<Record<string, Model>>;
  readonly files: Readonly<Record<string, string>>;
  readonly rows: readonly { readonly pre: string; readonly text: string; readonly ids: readonly number[] }[];
  readonly sentencepiece: readonly {
    readonly tokenizer: string;
    readonly text: string;
    readonly ids: readonly number[];
    readonly decoded: string;
  }[];
  readonly merges: {
    readonly tokens: readonly string[];
    readonly scores: readonly number[];
    readonly merges: readonly (readonly [string, string])[];
  };
};

export const ggufBlocks = golden.blocks;
export const ggufPacked = golden.packed;
export const ggufRows = golden.rows;
export const sentencepieceRows = golden.sentencepiece;
export const vocabularyMerges = golden.merges;
export const ggufModels = Object.keys(golden.models);
export const ggufNames = [...ggufModels, ...Object.keys(golden.files)];

const ALIGNMENT = 32;

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

export function ggufFile(name: string): Uint8Array<ArrayBuffer> {
  const [file, model] = [golden.files[name], golden.models[name]];
  if (model !== undefined) return restored(model);
  if (file === undefined) throw new Error(`there is no ${name}`);
  return bytesOf(file);
}

/** Replaces the text of a field in a file. */
export function withText(file: Uint8Array, key: string, text: string): Uint8Array<ArrayBuffer> {
  const from = Buffer.from(file);
  // After the key and the type of its value come the text's length and the text.
  const at = from.indexOf(key) + key.length + 4;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  const rest = from.subarray(at + 8 + Number(from.readBigUInt64LE(at)));
  return new Uint8Array(Buffer.concat([from.subarray(0, at), length, Buffer.from(text), rest]));
}

function restored({ base, header, pieces }: Model): Uint8Array<ArrayBuffer> {
  const { tensors } = readSafetensors(readFileSync(`test/golden/${base}/model.safetensors`));
  const parts = pieces.map(({ name, rows, turned, numbers }) => {
    if (numbers !== undefined) return new Uint8Array(Float32Array.from(numbers).buffer);
    const tensor = tensors.get(name ?? '');
    if (tensor === undefined) throw new Error(`there is no ${name}`);
    const { bytes, shape } = tensor;
    const [height = 1, width = 1] = shape;
    const size = bytes.length / height;
    if (rows !== undefined) return Buffer.concat(rows.map((row) => bytes.subarray(size * row, size * (row + 1))));
    if (!turned) return bytes;
    const values = new Float32Array(new Uint8Array(bytes).buffer);
    return new Uint8Array(
      Float32Array.from(values, (_, i) => values[(i % height) * width + Math.floor(i / height)] ?? 0).buffer,
    );
  });
  const padded = parts.flatMap((part) => [part, new Uint8Array(-part.length & (ALIGNMENT - 1))]);
  return new Uint8Array(Buffer.concat([bytesOf(header), ...padded]));
}
