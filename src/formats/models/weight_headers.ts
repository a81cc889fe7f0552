import {
  type ByteStream,
  type FileSource,
  missingFile,
  openFile,
  readFileIfPresent,
} from '../../core/input/file_source';
import { defaultLimits } from '../../core/types/source';
import { ByteReader } from '../tensors/byte_reader';
import type { TensorHeader } from '../tensors/tensor_header';
import { TorchFile } from '../torch/torch_file';
import {
  parseWeightsIndex,
  readHeader,
  TORCH_FILE,
  TORCH_INDEX,
  WEIGHTS_FILE,
  WEIGHTS_INDEX,
  type WeightLimits,
} from './weights';

/** The headers of a model's weights. */
export interface WeightHeaders {
  readonly tensors: readonly TensorHeader[];
  /** Bytes of all files of weights. */
  readonly bytes: number;
  /** The files' names. */
  readonly files: readonly string[];
}

type ReadHeaders = (
  stream: ByteStream,
  file: string,
  limits: WeightLimits,
) => Promise<Pick<WeightHeaders, 'tensors' | 'bytes'>>;

/** In the order of `readWeights`. */
const FORMATS: readonly { readonly file: string; readonly index: string; readonly read: ReadHeaders }[] = [
  { file: WEIGHTS_FILE, index: WEIGHTS_INDEX, read: readSafetensorsHeader },
  { file: TORCH_FILE, index: TORCH_INDEX, read: readTorchHeader },
];

/**
 * Reads the headers of a model's weights: the header of each safetensors file, or the pickle at the beginning of each pytorch_model.bin.
 * The rest of each download is cancelled. Throws like `readWeights`.
 */
export async function readWeightHeaders(
  source: FileSource,
  limits: WeightLimits = defaultLimits,
): Promise<WeightHeaders> {
  for (const { file, index, read } of FORMATS) {
    const single = await source.open(file);
    if (single !== undefined) return { ...(await read(single, file, limits)), files: [file] };
    const shards = await readFileIfPresent(source, index, limits.json);
    if (shards === undefined) continue;
    const tensors: TensorHeader[] = [];
    let bytes = 0;
    const files = parseWeightsIndex(shards, limits, index).shards;
    for (const [shard, names] of files) {
      const held = await read(await openFile(source, shard), shard, limits);
      tensors.push(...held.tensors.filter(({ name }) => names.has(name)));
      bytes += held.bytes;
    }
    return { tensors, bytes, files: [...files.keys()] };
  }
  throw missingFile(
    source,
    FORMATS.flatMap(({ file, index }) => [file, index]),
  );
}

async function readSafetensorsHeader(...[stream, file, limits]: Parameters<ReadHeaders>): ReturnType<ReadHeaders> {
  try {
    const { tensors, fileSize } = await readHeader(new ByteReader(stream, file), file, stream.size, limits);
    return { tensors: [...tensors.values()], bytes: fileSize };
  } finally {
    await stream.cancel();
  }
}

async function readTorchHeader(...[stream, file, limits]: Parameters<ReadHeaders>): ReturnType<ReadHeaders> {
  try {
    const torch = new TorchFile(stream, file);
    await torch.names(limits);
    return { tensors: torch.headers, bytes: torch.size };
  } finally {
    await stream.cancel();
  }
}
