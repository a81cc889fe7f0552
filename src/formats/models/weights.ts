import { WebVeraError } from '../../core/errors/error';
import { Fields } from '../../core/input/fields';
import {
  type ByteStream,
  type FileSource,
  missingFile,
  openFile,
  readFileIfPresent,
} from '../../core/input/file_source';
import { defaultLimits, type ParserLimits } from '../../core/types/source';
import { parseJsonObject } from '../json';
import { ByteReader } from '../tensors/byte_reader';
import { quote } from '../tensors/header_scanner';
import {
  headerLength,
  PREFIX_BYTES,
  parseHeader,
  type SafetensorsHeader,
  type TensorInfo,
} from '../tensors/safetensors_header';
import { plainTensor, RowReader, type StoredTensor } from '../tensors/stored_tensor';
import { TorchFile } from '../torch/torch_file';

export const WEIGHTS_FILE = 'model.safetensors';
export const WEIGHTS_INDEX = 'model.safetensors.index.json';
export const TORCH_FILE = 'pytorch_model.bin';
export const TORCH_INDEX = 'pytorch_model.bin.index.json';

export type WeightLimits = Pick<ParserLimits, 'safetensorsHeader' | 'tensors' | 'json'>;

type Select = (tensor: Pick<TensorInfo, 'name' | 'dtype' | 'shape'>) => boolean;

export interface ReadWeightsOptions {
  readonly limits?: WeightLimits;
  /**
   * Called before a tensor's bytes are read, so it can check shapes before memory is allocated: false skips the tensor, and an error
   * that it throws ends the reading.
   */
  readonly select?: Select;
}

/** Reads one file of weights. `onNames` is called with the tensors' names and the file's bytes before any tensor is read. */
type ReadFile = (
  stream: ByteStream,
  file: string,
  limits: WeightLimits,
  onNames: (names: { has(name: string): boolean }, fileSize: number) => void,
  select: Select,
) => AsyncGenerator<StoredTensor, void, undefined>;

/** In the order in which transformers looks for them. */
const FORMATS: readonly { readonly file: string; readonly index: string; readonly read: ReadFile }[] = [
  { file: WEIGHTS_FILE, index: WEIGHTS_INDEX, read: readSafetensorsFile },
  { file: TORCH_FILE, index: TORCH_INDEX, read: readTorchFile },
];

/**
 * Reads a model's weights from model.safetensors, or the shards that its index lists, or else from pytorch_model.bin or its shards,
 * tensor by tensor in file order while the files arrive. Memory holds at most the rows that are taken and one chunk (for a
 * pytorch_model.bin, a storage that tensors share, and one of its tensors). Leaving the loop early cancels the download. Throws the
 * source's errors, `not_found`, `invalid_format`, `limit_exceeded`, `out_of_memory`.
 */
export async function* readWeights(
  source: FileSource,
  { limits = defaultLimits, select = () => true }: ReadWeightsOptions = {},
): AsyncGenerator<StoredTensor, void, undefined> {
  for (const { file, index, read } of FORMATS) {
    const single = await source.open(file);
    if (single !== undefined) {
      yield* read(single, file, limits, (_, fileSize) => source.expect(fileSize), select);
      return;
    }
    const shards = await readFileIfPresent(source, index, limits.json);
    if (shards !== undefined) {
      yield* readShards(source, parseWeightsIndex(shards, limits, index), { index, read, limits, select });
      return;
    }
  }
  throw missingFile(
    source,
    FORMATS.flatMap(({ file, index }) => [file, index]),
  );
}

async function* readShards(
  source: FileSource,
  { totalSize, shards }: WeightsIndex,
  {
    index,
    read,
    limits,
    select,
  }: { readonly index: string; readonly read: ReadFile; readonly limits: WeightLimits; readonly select: Select },
): AsyncGenerator<StoredTensor, void, undefined> {
  if (totalSize !== undefined) source.expect(totalSize);
  for (const [file, names] of shards) {
    const expect = (held: { has(name: string): boolean }): void => expectTensors(file, index, names, held);
    // A tensor that the index doesn't map to this shard is skipped.
    const isWanted: Select = (tensor) => names.has(tensor.name) && select(tensor);
    yield* read(await openFile(source, file), file, limits, expect, isWanted);
  }
}

interface WeightsIndex {
  /** Bytes of all tensors, according to the index. */
  readonly totalSize: number | undefined;
  /** The names of the tensors in each file, in the order of the index. */
  readonly shards: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads an index of shards, whose names must be plain names of files beside it. Throws `invalid_format`, `limit_exceeded`. */
export function parseWeightsIndex(
  bytes: Uint8Array,
  limits: WeightLimits = defaultLimits,
  file = WEIGHTS_INDEX,
): WeightsIndex {
  const index = new Fields(parseJsonObject(bytes, file, limits.json), file);
  const extension = file === TORCH_INDEX ? '.bin' : '.safetensors';
  const weightMap = index.object('weight_map');
  if (weightMap === undefined) throw index.invalid('weight_map', 'an object of tensor names and files');
  const names = weightMap.keys();
  if (names.length > limits.tensors) {
    throw new WebVeraError('limit_exceeded', `${file}: expected at most ${limits.tensors} tensors, got more`, {
      hint: 'If you trust the file, raise the limit in SessionOptions.limits.',
    });
  }
  const shards = new Map<string, Set<string>>();
  for (const name of names) {
    const shardFile = weightMap.string(name);
    if (!isShardName(shardFile, extension)) throw weightMap.invalid(name, `the plain name of a ${extension} file`);
    const shard = shards.get(shardFile) ?? new Set();
    shards.set(shardFile, shard.add(name));
  }
  if (shards.size === 0) throw index.invalid('weight_map', 'at least one tensor');
  const metadata = index.object('metadata');
  const totalSize = metadata?.get('total_size');
  return { totalSize: typeof totalSize === 'number' && totalSize > 0 ? totalSize : undefined, shards };
}

/** Whether a name is neither a path nor a hidden file, so that it can't leave the model's folder. */
function isShardName(file: string, extension: string): boolean {
  return file.endsWith(extension) && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}\.[a-z]+$/.test(file);
}

function expectTensors(
  file: string,
  index: string,
  names: ReadonlySet<string>,
  tensors: { has(name: string): boolean },
): void {
  for (const name of names) {
    if (tensors.has(name)) continue;
    throw new WebVeraError('invalid_format', `${file}: expected tensor ${quote(name)}, as ${index} says`, {
      hint: 'The index and the shards are of different versions; download all of them again.',
      detail: { file, tensor: name },
    });
  }
}

async function* readTorchFile(...[stream, file, limits, onNames, select]: Parameters<ReadFile>): ReturnType<ReadFile> {
  try {
    const torch = new TorchFile(stream, file);
    const names = await torch.names(limits);
    onNames(names, torch.size);
    yield* torch.tensors(select);
  } finally {
    await stream.cancel();
  }
}

async function* readSafetensorsFile(
  ...[stream, file, limits, onNames, select]: Parameters<ReadFile>
): ReturnType<ReadFile> {
  try {
    const reader = new ByteReader(stream, file);
    const header = await readHeader(reader, file, stream.size, limits);
    onNames(header.tensors, header.fileSize);
    for (const tensor of header.tensors.values()) {
      const rows = new RowReader(tensor.shape, tensor.end - tensor.begin, (bytes) => reader.take(bytes));
      if (select(tensor)) yield plainTensor(tensor, rows);
      await reader.skip(rows.bytesLeft);
    }
    await reader.expectEnd();
  } finally {
    await stream.cancel();
  }
}

/** Reads only the header of a safetensors file. */
export async function readHeader(
  reader: ByteReader,
  file: string,
  fileSize: number | undefined,
  limits: WeightLimits,
): Promise<SafetensorsHeader> {
  const prefix = await reader.take(PREFIX_BYTES);
  try {
    const rest = await reader.take(headerLength(prefix, fileSize, limits));
    const bytes = new Uint8Array(prefix.length + rest.length);
    bytes.set(prefix);
    bytes.set(rest, prefix.length);
    return parseHeader(bytes, fileSize, limits);
  } catch (error) {
    throw error instanceof WebVeraError && error.detail.file === undefined ? inFile(file, error) : error;
  }
}

/** Adds the file's name to an error of the parser, which knows only bytes. */
function inFile(file: string, { code, message, hint, detail }: WebVeraError): WebVeraError {
  return new WebVeraError(code, `${file}: ${message}`, { hint, detail: { ...detail, file } });
}
