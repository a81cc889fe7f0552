import { ceilDiv, rowsAndColumns } from '../../../core/numbers/shape';
import { type Storage, type StoredElements, storages } from '../../../core/numbers/storage';
import type { StorageName } from '../../../core/numbers/storage_names';
import type { ModelDtype } from '../../../core/types/model';
import type { StoredTensor, TensorHeader, TensorRows } from '../../../formats/tensors/stored_tensor';
import { transpose } from '../../../formats/tensors/transpose';
import { toFloat32 } from '../../../formats/tensors/values';
import { pinned, pinnedMatrix, type Value } from '../../../graph/value';
import { fileShape, type WeightSpec } from '../../../models/architecture';

/** The number of elements of a matrix that are read and uploaded at a time. */
const SLICE = 2 ** 22;

/** Chooses the storage format of a weight on the device, given the weight's tensor in the file. */
export type StorageOf = (spec: WeightSpec, tensor: TensorHeader) => StorageName;

/**
 * Chooses the storage format of each weight, the first of these that its shape fits: the wanted format; the file's format, if the wanted
 * format is packed or 'auto'; float32. Vectors fit only float32. `forTokens` names the embeddings and output embeddings, which may need a
 * format with more bits: see `Storage.forTokens`.
 */
export function chooseStorage(wanted: ModelDtype | undefined, forTokens: ReadonlySet<string>): StorageOf {
  const all = Object.values(storages);
  const asked = all.find(({ dtype }) => dtype === wanted);
  return (spec, { dtype, packed }) => {
    const isFile = ({ name, file }: Storage): boolean => (packed === undefined ? file === dtype : name === packed.name);
    const best = asked && forTokens.has(spec.name) && !isFile(asked) ? storages[asked.forTokens] : asked;
    if (best !== undefined && fits(spec, best)) return best.name;
    const own = all.find((storage) => isFile(storage) && fits(spec, storage));
    const keepsFile = asked === undefined || asked.packed !== undefined;
    return keepsFile && own !== undefined ? own.name : storages.f32.name;
  };
}

/** Whether the weight can be stored in every storage format. Only matrices whose rows have a suitable length can. */
export function fitsAll(spec: WeightSpec): boolean {
  return Object.values(storages).every((storage) => fits(spec, storage));
}

function fits({ kind, shape }: WeightSpec, storage: Storage): boolean {
  return storage === storages.f32 || (kind === 'matrix' && (shape.at(-1) ?? 0) % storage.rowMultiple === 0);
}

/**
 * Returns the graph value that stands for a weight on the device. A matrix that is too large for one binding is split into shards of rows,
 * unless the file stores the matrix transposed or with another number of rows.
 */
export function weightValue(spec: WeightSpec, dtype: StorageName, maxBytes: number): Value {
  const { name, shape } = spec;
  return hasFileRows(spec) ? pinnedMatrix(name, shape, dtype, maxBytes) : pinned(name, shape, dtype);
}

function hasFileRows(spec: WeightSpec): boolean {
  return spec.kind === 'matrix' && !spec.transposed && fileShape(spec)[0] === spec.shape[0];
}

/** A weight is read and uploaded in slices. Returns each slice's number of rows, or one undefined entry if all rows form one slice. */
export function slicesOf(spec: WeightSpec, { shape }: Value): readonly (number | undefined)[] {
  if (!hasFileRows(spec)) return [undefined];
  const { rows, columns } = rowsAndColumns(shape);
  const most = Math.max(1, Math.floor(SLICE / columns));
  return Array.from({ length: ceilDiv(rows, most) }, (_, slice) => Math.min(most, rows - slice * most));
}

/** Reads the next rows of a tensor, and converts them to the device's storage format and order of dimensions. */
export async function takeStored(
  spec: WeightSpec,
  storage: Storage,
  { packed, take }: StoredTensor,
  rows: number | undefined,
): Promise<ArrayBufferView<ArrayBuffer>> {
  const { transposed = false } = spec;
  if (packed?.name === storage.name && packed.transposed === transposed) return packed.take(rows);
  return encode(spec, storage, await take(rows));
}

function encode(spec: WeightSpec, storage: Storage, taken: TensorRows): ArrayBufferView<ArrayBuffer> {
  const [rows = 0, columns = 0] = spec.shape;
  const inOrder = <T extends StoredElements>(elements: T): T =>
    spec.transposed ? transpose(elements, columns, rows) : elements;
  const shape = hasFileRows(spec) ? [taken.shape[0] ?? 0, ...spec.shape.slice(1)] : spec.shape;
  if (taken.dtype === storage.file) return inOrder(storage.elements(taken.bytes.buffer, shape));
  return storage.encode(inOrder(new Float32Array(toFloat32(taken))), shape);
}
