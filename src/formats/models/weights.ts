import { WebVeraError } from '../../core/errors/error';
import { joinBytes } from '../../core/input/bytes';
import { Fields } from '../../core/input/fields';
import {
  type ByteStream,
  type FileSource,
  missingFile,
  openFile,
  readFileIfPresent,
} from '../../core/input/file_source';
import { defaultLimits, type ParserLimits } from '../../core/types/source';
import { fileError, RAISE_LIMIT } from '../file_error';
import { parseJsonObject } from '../json';
import { ByteReader } from '../tensors/byte_reader';
import { headerLength, PREFIX_BYTES, parseHeader, type SafetensorsHeader } from '../tensors/safetensors_header';
import { plainTensor, RowReader, type StoredTensor, type TensorHeader } from '../tensors/stored_tensor';
import { torchCode } from '../torch/late_torch';

export const WEIGHTS_FILE = 'model.safetensors';
export const WEIGHTS_INDEX = 'model.safetensors.index.json';
const TORCH_FILE = 'pytorch_model.bin';
const TORCH_INDEX = 'pytorch_model.bin.index.json';

type WeightLimits = Pick<ParserLimits, 'safetensorsHeader' | 'tensors' | 'json'>;

type Select = (tensor: TensorHeader) => boolean;

export interface ReadWeightsOptions {
  readonly limits?: WeightLimits;
  /**
   * Called before a tensor's bytes are read, so it can check shapes before memory is allocated. If it returns false, the tensor is skipped;
   * if it throws, reading stops with that error.
   */
  readonly select?: Select;
}

export interface WeightFiles {
  /** The total size of all weights files in bytes. */
  readonly bytes: number;
  /** The names of the weights files. */
  readonly files: readonly string[];
}

/** The headers of a model's weights. */
export interface WeightHeaders extends WeightFiles {
  readonly tensors: readonly TensorHeader[];
}

/** A weights file whose headers have been read. */
interface WeightFile {
  readonly headers: readonly TensorHeader[];
  /** The size of the whole file in bytes. */
  readonly bytes: number;
  tensors(select: Select): AsyncGenerator<StoredTensor, void, undefined>;
}

type OpenWeights = (stream: ByteStream, file: string, limits: WeightLimits) => Promise<WeightFile>;

/** The formats of weights, in the order in which transformers looks for them. */
const FORMATS: readonly { readonly file: string; readonly index: string; readonly open: OpenWeights }[] = [
  { file: WEIGHTS_FILE, index: WEIGHTS_INDEX, open: openSafetensors },
  { file: TORCH_FILE, index: TORCH_INDEX, open: openTorch },
];

/** A weights file that was found in the folder and opened. */
interface FoundFile {
  readonly name: string;
  readonly held: WeightFile;
  /** Set for a shard: the file of each tensor, as its index says. */
  readonly weightMap?: ReadonlyMap<string, string>;
}

/**
 * Reads a model's weights from model.safetensors, or the shards that its index lists, or else from pytorch_model.bin or its shards, tensor
 * by tensor in file order while the files arrive. Memory holds at most the requested rows and one chunk; for a pytorch_model.bin, it may
 * also hold one whole torch storage (an array that tensors view) and a tensor copied from it. Leaving the loop early cancels the download.
 * Throws the source's errors, `not_found`, `invalid_format`, `limit_exceeded`, `out_of_memory`.
 */
export async function* readWeights(
  source: FileSource,
  { limits = defaultLimits, select = () => true }: ReadWeightsOptions = {},
): AsyncGenerator<StoredTensor, void, undefined> {
  for await (const found of weightFiles(source, limits, (bytes) => source.expect(bytes))) {
    yield* found.held.tensors((tensor) => counts(found, tensor) && select(tensor));
  }
}

/**
 * Reads the headers of a model's weights: the header of each safetensors file, or the pickle at the beginning of each pytorch_model.bin.
 * The rest of each download is cancelled. Throws like `readWeights`.
 */
export async function readWeightHeaders(source: FileSource, limits: WeightLimits): Promise<WeightHeaders> {
  const found: FoundFile[] = [];
  for await (const one of weightFiles(source, limits)) found.push(one);
  return {
    tensors: found.flatMap((one) => one.held.headers.filter((tensor) => counts(one, tensor))),
    bytes: found.reduce((sum, { held }) => sum + held.bytes, 0),
    files: found.map(({ name }) => name),
  };
}

/**
 * Opens the files one after the other, and cancels the download of each before the next. `expect` receives the total size of the files in
 * bytes.
 */
async function* weightFiles(
  source: FileSource,
  limits: WeightLimits,
  expect: (bytes: number) => void = () => {},
): AsyncGenerator<FoundFile, void, undefined> {
  for (const { file, index, open } of FORMATS) {
    const single = await source.open(file);
    if (single !== undefined) {
      yield* opened(single, async () => {
        const held = await open(single, file, limits);
        expect(held.bytes);
        return { name: file, held };
      });
      return;
    }
    const bytes = await readFileIfPresent(source, index, limits.json);
    if (bytes === undefined) continue;
    const { totalSize, weightMap } = parseWeightsIndex(bytes, limits, index);
    if (totalSize !== undefined) expect(totalSize);
    for (const name of new Set(weightMap.values())) {
      const stream = await openFile(source, name);
      yield* opened(stream, async () => ({ name, weightMap, held: await open(stream, name, limits) }));
    }
    return;
  }
  throw await noWeights(source);
}

/** Paths of the ONNX weights that models for browsers have on the hub. */
const ONNX_FILES = ['onnx/model.onnx', 'onnx/model_quantized.onnx', 'model.onnx'];

/** Returns the error for a folder without weights that can be trained. */
async function noWeights(source: FileSource): Promise<WebVeraError> {
  for (const file of ONNX_FILES) {
    const stream = await source.open(file).catch(() => undefined);
    if (stream === undefined) continue;
    await stream.cancel();
    const message = `Expected model.safetensors in ${source.location}, got ONNX files, which can't be trained`;
    return new WebVeraError('unsupported_model', message, {
      hint: 'Load the original that they were made from: the page of this one on the hub links to it, and it often has the same name under another owner.',
      detail: { file, location: source.location },
    });
  }
  return missingFile(
    source,
    FORMATS.flatMap(({ file, index }) => [file, index]),
  );
}

async function* opened(stream: ByteStream, open: () => Promise<FoundFile>): AsyncGenerator<FoundFile, void, undefined> {
  try {
    yield await open();
  } finally {
    await stream.cancel();
  }
}

/**
 * Whether a tensor is read from this file. If several shards have the tensor, the index decides. A tensor that the index doesn't list is
 * read too, as in transformers. A listed tensor may be missing from its shard, because the model itself checks that it gets all required
 * tensors.
 */
function counts({ name: file, weightMap }: FoundFile, { name }: TensorHeader): boolean {
  return (weightMap?.get(name) ?? file) === file;
}

interface WeightsIndex {
  /** Bytes of all tensors, according to the index. */
  readonly totalSize: number | undefined;
  /** The file of each tensor, in the order of the index. */
  readonly weightMap: ReadonlyMap<string, string>;
}

/** Reads an index of shards. Each shard must have a plain file name, without a folder. Throws `invalid_format`, `limit_exceeded`. */
export function parseWeightsIndex(
  bytes: Uint8Array,
  limits: WeightLimits = defaultLimits,
  file = WEIGHTS_INDEX,
): WeightsIndex {
  const index = new Fields(parseJsonObject(bytes, file, limits.json), file);
  const extension = file === TORCH_INDEX ? '.bin' : '.safetensors';
  const entries = index.object('weight_map');
  if (entries === undefined) throw index.invalid('weight_map', 'an object of tensor names and files');
  const names = entries.keys();
  if (names.length > limits.tensors) {
    throw new WebVeraError('limit_exceeded', `${file}: expected at most ${limits.tensors} tensors, got more`, {
      hint: RAISE_LIMIT,
    });
  }
  const weightMap = new Map<string, string>();
  for (const name of names) {
    const shard = entries.string(name);
    if (!isShardName(shard, extension)) throw entries.invalid(name, `the plain name of a ${extension} file`);
    weightMap.set(name, shard);
  }
  if (weightMap.size === 0) throw index.invalid('weight_map', 'at least one tensor');
  const metadata = index.object('metadata');
  const totalSize = metadata?.get('total_size');
  return { totalSize: typeof totalSize === 'number' && totalSize > 0 ? totalSize : undefined, weightMap };
}

/** Whether a name is neither a path nor a hidden file, so that it can't leave the model's folder. */
function isShardName(file: string, extension: string): boolean {
  return file.endsWith(extension) && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}\.[a-z]+$/.test(file);
}

async function openTorch(...[stream, file, limits]: Parameters<OpenWeights>): Promise<WeightFile> {
  const { TorchFile } = await torchCode();
  return new TorchFile(stream, file).open(limits);
}

async function openSafetensors(...[stream, file, limits]: Parameters<OpenWeights>): Promise<WeightFile> {
  const reader = new ByteReader(stream, file);
  const { tensors, fileSize } = await readHeader(reader, file, stream.size, limits);
  const headers = [...tensors.values()];
  return {
    headers,
    bytes: fileSize,
    async *tensors(select) {
      for (const tensor of headers) {
        const rows = new RowReader(tensor.shape, tensor.end - tensor.begin, (bytes) => reader.take(bytes));
        if (select(tensor)) yield plainTensor(tensor, rows);
        await reader.skip(rows.bytesLeft);
      }
      await reader.expectEnd();
    },
  };
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
    return parseHeader(joinBytes([prefix, rest]), fileSize, limits);
  } catch (error) {
    // The parser doesn't know the file's name, so it is added to the error here.
    if (!(error instanceof WebVeraError) || error.detail.file !== undefined) throw error;
    throw fileError(error.code, file, error.message, error.hint, error.detail);
  }
}
