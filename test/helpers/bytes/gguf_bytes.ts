type Value = number | boolean | string;

interface GgufTensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** ggml's number for the data type. Default: 0, which is F32. */
  readonly type?: number;
  readonly offset?: number;
}

export interface GgufSpec {
  readonly fields?: Readonly<Record<string, Value | readonly Value[]>>;
  readonly tensors?: readonly GgufTensorSpec[];
  /** The bytes after the header. They begin at a multiple of 32. */
  readonly data?: Uint8Array;
}

const TEXT = 8;
const LIST = 9;

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

export const ggufText = (text: string): Buffer => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);

/** Makes a GGUF file with these fields and tensors. */
export function ggufBytes({ fields = {}, tensors = [], data }: GgufSpec): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(fields);
  const header = Buffer.concat([
    ggufBegin(tensors.length, entries.length),
    ...entries.flatMap(([key, value]) => [ggufText(key), valued(value)]),
    ...tensors.flatMap(({ name, shape, type = 0, offset = 0 }) => [
      ggufText(name),
      u32(shape.length),
      ...shape.toReversed().map(u64),
      u32(type),
      u64(offset),
    ]),
  ]);
  const gap = new Uint8Array(-header.length & 31);
  return new Uint8Array(Buffer.concat(data === undefined ? [header] : [header, gap, data]));
}

/** Returns a file's first bytes, which claim these numbers of tensors and fields. */
export function ggufBegin(tensors: number | bigint, fields: number | bigint): Buffer {
  return Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors), u64(fields)]);
}

function valued(value: Value | readonly Value[]): Buffer {
  if (!Array.isArray(value)) return Buffer.concat([u32(typeOf(value as Value)), written(value as Value)]);
  const [first = 0] = value as readonly Value[];
  return Buffer.concat([u32(LIST), u32(typeOf(first)), u64(value.length), ...value.map(written)]);
}

/** Returns the number of a value's GGUF type. Numbers are stored as doubles. */
function typeOf(value: Value): number {
  if (typeof value === 'string') return TEXT;
  return typeof value === 'boolean' ? 7 : 12;
}

function written(value: Value): Buffer {
  if (typeof value === 'string') return ggufText(value);
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0]);
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
