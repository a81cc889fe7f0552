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

/** What weights are before they come. */
export interface WeightHeaders {
  readonly tensors: readonly TensorHeader[];
  /** Of all files that hold them. */
  readonly bytes: number;
  /** Their names. */
  readonly files: readonly string[];
}

type ReadHeaders = (
  stream: ByteStream,
  file: string,
  limits: WeightLimits,
) => Promise<Pick<WeightHeaders, 'tensors' | 'bytes'>>;

/** As `readWeights` looks for them. */
const FORMATS: readonly { readonly file: string; readonly index: string; readonly read: ReadHeaders }[] = [
  { file: WEIGHTS_FILE, index: WEIGHTS_INDEX, read: readSafetensorsHeader },
  { file: TORCH_FILE, index: TORCH_INDEX, read: readTorchHeader },
];

/**
 * Reads of a model's weights what stands before the first number: a safetensors file's header, or the pickle that a pytorch_model.bin
 * begins with; of shards, those of each. The rest of the download is cancelled. Throws as `readWeights` does.
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
