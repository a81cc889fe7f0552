import type { WebVeraError } from '../../core/errors/error';
import type { ByteStream } from '../../core/input/file_source';
import type { ParserLimits } from '../../core/types/source';
import { fileError } from '../file_error';
import { ByteReader } from '../tensors/byte_reader';
import { byteSize } from '../tensors/dtype';
import { plainTensor, RowReader, reading, type StoredTensor, type TensorHeader } from '../tensors/stored_tensor';
import { PICKLE_BEGIN, PickleLayout } from './pickle_layout';
import type { StorageRef, TensorRef } from './pickle_machine';
import { readStateDict } from './state_dict';
import { elementsOf, isWhole } from './strided';
import { SAVE_AGAIN, type TorchLayout } from './torch_layout';
import { ZipLayout } from './zip_layout';

type TensorEntry = TensorRef & { readonly name: string };

/** A storage, and the tensors that view it. */
interface Views {
  readonly storage: StorageRef;
  readonly tensors: TensorEntry[];
}

/** The longest pickle in bytes, far more than the largest models need. Each byte may take about 30 bytes of memory. */
const MOST_PICKLE = 4_000_000;

/**
 * A file with a state dict that `torch.save` wrote: its pickle records which storage each tensor views, and the storages follow. The file is
 * read once from its start, one storage at a time. No code in its pickle is executed.
 */
export class TorchFile {
  readonly #reader: ByteReader;
  readonly #file: string;
  readonly #size: number | undefined;
  readonly #byKey = new Map<string, Views>();
  #layout: TorchLayout | undefined;

  constructor(stream: ByteStream, file: string) {
    this.#reader = new ByteReader(stream, file);
    this.#file = file;
    this.#size = stream.size;
  }

  /** Reads the headers of the tensors. Call it first. Throws `invalid_format`, `limit_exceeded`. */
  async open(limits: Pick<ParserLimits, 'safetensorsHeader' | 'tensors'>): Promise<this> {
    const options = {
      file: this.#file,
      limits: { ...limits, safetensorsHeader: Math.min(limits.safetensorsHeader, MOST_PICKLE) },
    };
    await this.#reader.fetch(1);
    const isPickle = this.#reader.buffered[0] === PICKLE_BEGIN;
    const layout = isPickle ? new PickleLayout(this.#reader, options) : new ZipLayout(this.#reader, this.#file);
    await layout.begin();
    const { tensors, bytes } = await readStateDict(this.#reader, options);
    await layout.endPickle(bytes);
    this.#layout = layout;
    for (const [name, tensor] of tensors) {
      const { storage } = tensor;
      // The size is checked first, so that no memory is allocated for bytes that the file lacks.
      if (sizeOf(storage) > (this.#size ?? Number.MAX_SAFE_INTEGER)) {
        throw this.#invalid(`expected a longer file, as storage ${storage.key} has ${sizeOf(storage)} bytes`);
      }
      const views = this.#byKey.get(storage.key) ?? { storage, tensors: [] };
      views.tensors.push({ ...tensor, name });
      this.#byKey.set(storage.key, views);
    }
    return this;
  }

  /** The headers of the tensors. */
  get headers(): readonly TensorHeader[] {
    const views = [...this.#byKey.values()].flatMap(({ tensors }) => tensors);
    return views.map(({ name, shape, storage: { dtype } }) => ({ name, dtype, shape }));
  }

  /** Bytes of the whole file; if they aren't known, the bytes of its storages. */
  get bytes(): number {
    return this.#size ?? [...this.#byKey.values()].reduce((sum, { storage }) => sum + sizeOf(storage), 0);
  }

  /** Yields the tensors in the order of their storages. `select` is called before a storage is read. */
  async *tensors(select: (tensor: TensorHeader) => boolean): AsyncGenerator<StoredTensor, void, undefined> {
    const next = async (): Promise<Views | undefined> => {
      const key = await this.#layout?.next(this.#byKey);
      return key === undefined ? undefined : this.#byKey.get(key);
    };
    for (let found = await next(); found !== undefined; found = await next()) {
      this.#byKey.delete(found.storage.key);
      yield* this.#viewsOf(found, select);
      await this.#layout?.end(sizeOf(found.storage));
    }
    const [missing] = this.#byKey.keys();
    if (missing !== undefined) throw this.#invalid(`expected storage ${missing}, which the pickle tells of`);
    await this.#reader.skipRest();
  }

  /** Reads a storage: row by row if a single tensor covers it, otherwise as a whole. */
  async *#viewsOf(
    { storage, tensors }: Views,
    select: (tensor: TensorHeader) => boolean,
  ): AsyncGenerator<StoredTensor, void, undefined> {
    const { dtype } = storage;
    const size = sizeOf(storage);
    const wanted = tensors.filter(({ name, shape }) => select({ name, dtype, shape }));
    const [first] = wanted;
    if (first === undefined) await this.#reader.skip(size);
    else if (wanted.length === 1 && isWhole(first)) {
      const rows = new RowReader(first.shape, size, (bytes) => this.#reader.take(bytes));
      yield plainTensor({ name: first.name, dtype, shape: first.shape }, rows);
      await this.#reader.skip(rows.bytesLeft);
    } else {
      const bytes = await this.#reader.take(size);
      for (const tensor of wanted) yield await tensorIn(tensor, bytes);
    }
  }

  #invalid(what: string): WebVeraError {
    return fileError('invalid_format', this.#file, what, SAVE_AGAIN);
  }
}

function sizeOf({ dtype, length }: StorageRef): number {
  return byteSize(dtype, [length]) ?? 0;
}

/** Copies a tensor out of a storage that is in memory. */
async function tensorIn(tensor: TensorEntry, storage: Uint8Array<ArrayBuffer>): Promise<StoredTensor> {
  const { name, shape } = tensor;
  const bytes = await elementsOf(tensor, storage);
  return plainTensor({ name, dtype: tensor.storage.dtype, shape }, new RowReader(shape, bytes.length, reading(bytes)));
}
