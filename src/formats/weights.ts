import { WebVeraError } from '../core/error';
import { Fields } from '../core/fields';
import { type ByteStream, type FileSource, missingFile, openFile, readFileIfPresent } from '../core/files';
import { defaultLimits, type ParserLimits } from '../core/source';
import { ByteReader } from './byte_reader';
import { quote } from './header_scanner';
import { parseJsonObject } from './json';
import type { RawTensor } from './safetensors';
import { headerLength, PREFIX_BYTES, parseHeader, type SafetensorsHeader, type TensorInfo } from './safetensors_header';

export const WEIGHTS_FILE = 'model.safetensors';
export const WEIGHTS_INDEX = 'model.safetensors.index.json';

type WeightLimits = Pick<ParserLimits, 'safetensorsHeader' | 'tensors' | 'json'>;

/** A weight as it comes in; its bytes are its own. */
export interface WeightTensor extends RawTensor {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface ReadWeightsOptions {
  readonly limits?: WeightLimits;
  /**
   * Called before a tensor's bytes are read: false skips it; what it throws ends the reading. The place to compare
   * shapes before memory is taken.
   */
  readonly select?: (tensor: TensorInfo) => boolean;
}

/**
 * Reads a model's weights from model.safetensors, or the shards that its index lists, tensor by tensor in file order
 * while the files come in: never more than one tensor and one chunk are in memory. Leaving the loop early cancels the
 * download. Throws what the source throws, `not_found`, `invalid_format`, `limit_exceeded`, `out_of_memory`.
 */
export async function* readWeights(
  source: FileSource,
  { limits = defaultLimits, select = () => true }: ReadWeightsOptions = {},
): AsyncGenerator<WeightTensor, void, undefined> {
  const single = await source.open(WEIGHTS_FILE);
  if (single !== undefined) {
    const expect = (header: SafetensorsHeader): void => source.expect(header.fileSize);
    yield* readTensors(single, WEIGHTS_FILE, limits, expect, select);
    return;
  }
  const index = await readFileIfPresent(source, WEIGHTS_INDEX, limits.json);
  if (index === undefined) throw missingFile(source, [WEIGHTS_FILE, WEIGHTS_INDEX]);
  const { totalSize, shards } = parseWeightsIndex(index, limits);
  if (totalSize !== undefined) source.expect(totalSize);
  for (const [file, names] of shards) {
    const expect = ({ tensors }: SafetensorsHeader): void => expectTensors(file, names, tensors);
    // What the index maps to another shard, or nowhere, isn't this shard's to give.
    yield* readTensors(await openFile(source, file), file, limits, expect, (tensor) => {
      return names.has(tensor.name) && select(tensor);
    });
  }
}

interface WeightsIndex {
  /** Bytes of all tensors, as the index says. */
  readonly totalSize: number | undefined;
  /** The names of the tensors in each file, in the order of the index. */
  readonly shards: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads model.safetensors.index.json. Shards must be plain file names beside it. Throws `invalid_format`, `limit_exceeded`. */
export function parseWeightsIndex(bytes: Uint8Array, limits: WeightLimits = defaultLimits): WeightsIndex {
  const index = new Fields(parseJsonObject(bytes, WEIGHTS_INDEX, limits.json), WEIGHTS_INDEX);
  const weightMap = index.object('weight_map');
  if (weightMap === undefined) throw index.invalid('weight_map', 'an object of tensor names and files');
  const names = weightMap.keys();
  if (names.length > limits.tensors) {
    throw new WebVeraError('limit_exceeded', `${WEIGHTS_INDEX}: expected at most ${limits.tensors} tensors, got more`, {
      hint: 'If you trust the file, raise the limit in SessionOptions.limits.',
    });
  }
  const shards = new Map<string, Set<string>>();
  for (const name of names) {
    const file = weightMap.string(name);
    if (!isShardName(file)) throw weightMap.invalid(name, 'the plain name of a .safetensors file');
    const shard = shards.get(file) ?? new Set();
    shards.set(file, shard.add(name));
  }
  if (shards.size === 0) throw index.invalid('weight_map', 'at least one tensor');
  const metadata = index.object('metadata');
  const totalSize = metadata?.get('total_size');
  return { totalSize: typeof totalSize === 'number' && totalSize > 0 ? totalSize : undefined, shards };
}

/** No path and no hidden file: a name can't lead out of the model's folder. */
function isShardName(file: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}\.safetensors$/.test(file);
}

function expectTensors(file: string, names: ReadonlySet<string>, tensors: ReadonlyMap<string, TensorInfo>): void {
  for (const name of names) {
    if (tensors.has(name)) continue;
    throw new WebVeraError('invalid_format', `${file}: expected tensor ${quote(name)}, as ${WEIGHTS_INDEX} says`, {
      hint: 'The index and the shards are of different versions; download all of them again.',
      detail: { file, tensor: name },
    });
  }
}

async function* readTensors(
  stream: ByteStream,
  file: string,
  limits: WeightLimits,
  onHeader: (header: SafetensorsHeader) => void,
  select: (tensor: TensorInfo) => boolean,
): AsyncGenerator<WeightTensor, void, undefined> {
  try {
    const reader = new ByteReader(stream, file);
    const header = await readHeader(reader, file, stream.size, limits);
    onHeader(header);
    for (const tensor of header.tensors.values()) {
      const length = tensor.end - tensor.begin;
      if (select(tensor)) {
        yield { name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: await reader.take(length) };
      } else {
        await reader.skip(length);
      }
    }
    await reader.expectEnd();
  } finally {
    await stream.cancel();
  }
}

async function readHeader(
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

/** The same error, naming the file: the parser knows only bytes. */
function inFile(file: string, { code, message, hint, detail }: WebVeraError): WebVeraError {
  return new WebVeraError(code, `${file}: ${message}`, { hint, detail: { ...detail, file } });
}
