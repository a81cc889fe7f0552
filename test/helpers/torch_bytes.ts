import type { RawTensor } from '../../src/formats/safetensors';

/** An entry of a zip archive as torch writes it: stored, aligned by padding, its sizes behind its bytes. */
function entry(name: string, content: Uint8Array): Uint8Array[] {
  const header = new Uint8Array(30);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(6, 0x0808, true);
  const bytes = new TextEncoder().encode(name);
  view.setUint16(26, bytes.length, true);
  const descriptor = new Uint8Array(16);
  const sizes = new DataView(descriptor.buffer);
  sizes.setUint32(0, 0x08074b50, true);
  sizes.setUint32(8, content.length, true);
  sizes.setUint32(12, content.length, true);
  return [header, bytes, content, descriptor];
}

/** A file of a state dict by its pickle (of a text, each character is a byte), and its storages by their keys. */
export function torchFile(
  pickle: string | Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array<ArrayBuffer> {
  const parts = [
    ...entry('model/data.pkl', typeof pickle === 'string' ? Buffer.from(pickle, 'latin1') : pickle),
    ...entry('model/byteorder', new TextEncoder().encode('little')),
    ...Object.entries(storages).flatMap(([key, bytes]) => entry(`model/data/${key}`, bytes)),
    Uint8Array.of(0x50, 0x4b, 1, 2),
  ];
  return new Uint8Array(Buffer.concat(parts));
}

const CLASSES: Readonly<Record<string, string>> = { F32: 'FloatStorage', F16: 'HalfStorage', BF16: 'BFloat16Storage' };

/** What `torch.save` would write of these tensors; those with the same bytes are tied. */
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
