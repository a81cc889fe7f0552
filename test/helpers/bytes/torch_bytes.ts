import type { RawTensor } from '../../../src/formats/tensors/safetensors';

const DESCRIBED = 0x0808;

interface EntryOptions {
  /** Whether the entry begins after 4 GiB or is larger than that. If so, its sizes are stored in eight bytes. */
  readonly isLong?: boolean;
  /** The stated size in bytes. Default: the size of `content`. */
  readonly size?: number;
}

/** Makes a zip archive's entry as torch writes it: uncompressed, with its sizes after its content. The third part is the content. */
export function zipEntry(
  name: string,
  content: Uint8Array,
  { isLong = false, size = content.length }: EntryOptions = {},
): [header: Uint8Array, name: Uint8Array, content: Uint8Array, descriptor: Uint8Array] {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(DESCRIBED, 6);
  header.writeUInt16LE(Buffer.byteLength(name), 26);
  // Extra field 1 (ZIP64) has eight bytes: the entry's position in the archive.
  const extra = isLong ? Buffer.from([1, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0]) : Buffer.alloc(0);
  header.writeUInt16LE(extra.length, 28);
  const descriptor = Buffer.alloc(isLong ? 24 : 16);
  descriptor.writeUInt32LE(0x08074b50, 0);
  for (const half of [0, 1]) {
    if (isLong) descriptor.writeBigUInt64LE(BigInt(size), 8 + 8 * half);
    else descriptor.writeUInt32LE(size, 8 + 4 * half);
  }
  return [header, Buffer.concat([Buffer.from(name), extra]), content, descriptor];
}

/** The first bytes of an archive's directory. The directory follows the entries. */
export const DIRECTORY = Uint8Array.of(0x50, 0x4b, 1, 2);

/** Makes a file from a pickle and its storages, by key. If the pickle is a string, each of its characters is a byte. */
export function torchFile(
  pickle: string | Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array<ArrayBuffer> {
  const parts = [
    ...zipEntry('model/data.pkl', typeof pickle === 'string' ? Buffer.from(pickle, 'latin1') : pickle),
    ...zipEntry('model/byteorder', new TextEncoder().encode('little')),
    ...Object.entries(storages).flatMap(([key, bytes]) => zipEntry(`model/data/${key}`, bytes)),
    DIRECTORY,
  ];
  return new Uint8Array(Buffer.concat(parts));
}

/** The first three pickles of a file from before PyTorch 1.6: a magic number, the layout's version, and facts about the machine. */
const OLD_BEGIN = '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\r\0\0\0little_endian\x88s.';

/**
 * Makes a file as `torch.save` wrote it before PyTorch 1.6, with storages of four bytes an element. `keys` is the pickle of the storages'
 * keys. Default: those of `storages`.
 */
export function oldTorchFile(
  pickle: string | Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  keys = `\x80\x02](${Object.keys(storages).map(text).join('')}e.`,
): Uint8Array<ArrayBuffer> {
  const parts = Object.values(storages).flatMap((bytes) => [
    Buffer.from(BigInt64Array.of(BigInt(bytes.length >> 2)).buffer),
    bytes,
  ]);
  const begin = Buffer.from(OLD_BEGIN, 'latin1');
  const read = typeof pickle === 'string' ? Buffer.from(pickle, 'latin1') : pickle;
  return new Uint8Array(Buffer.concat([begin, read, Buffer.from(keys, 'latin1'), ...parts]));
}

const CLASSES: Readonly<Record<string, string>> = { F32: 'FloatStorage', F16: 'HalfStorage', BF16: 'BFloat16Storage' };

/** Makes the file that `torch.save` would write for these tensors. Tensors with the same `bytes` object are tied. */
export function stateDictFile(tensors: Iterable<readonly [name: string, tensor: RawTensor]>): Uint8Array<ArrayBuffer> {
  const keys = new Map<Uint8Array, string>();
  const items = [...tensors].map(([name, { dtype, shape, bytes }]) => {
    const key = keys.get(bytes) ?? String(keys.size);
    keys.set(bytes, key);
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
    const length = shape.reduce((product, size) => product * size, 1);
    const storage = `(${text('storage')}ctorch\n${CLASSES[dtype]}\n${text(key)}${text('cpu')}${integer(length)}tQ`;
    const view = `${integer(0)}(${shape.map(integer).join('')}t(${strides.map(integer).join('')}t`;
    return `${text(name)}ctorch._utils\n_rebuild_tensor_v2\n(${storage}${view}\x89ccollections\nOrderedDict\n)RtR`;
  });
  const storages = Object.fromEntries([...keys].map(([bytes, key]) => [key, bytes]));
  return torchFile(`\x80\x02ccollections\nOrderedDict\n)R(${items.join('')}u.`, storages);
}

function text(value: string): string {
  return `X${integer(value.length).slice(1)}${value}`;
}

function integer(value: number): string {
  return `J${Buffer.from(Int32Array.of(value).buffer).toString('latin1')}`;
}
