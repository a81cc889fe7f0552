import { WebVeraError } from '../../core/errors/error';
import { sameShape } from '../../core/numbers/shape';
import type { PretrainedConfig } from '../../core/types/model';
import type { Tensor } from '../../core/types/tensor';
import { pythonJson } from '../python_json';
import { expectSize, formatHeader, inFileOrder, sizeOf } from '../tensors/safetensors';
import { TORCH_METADATA } from '../tensors/tensors';
import { WEIGHTS_FILE, WEIGHTS_INDEX } from './weights';

/** The name, shape and dtype of a weight, which are known before its elements. */
export interface ModelTensorSpec {
  readonly name: string;
  readonly dims: Tensor['dims'];
  readonly dtype: 'F32' | 'F16' | 'BF16';
}

export interface ModelTensor extends ModelTensorSpec {
  /** Little-endian elements, row-major. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface ModelFolderOptions {
  /** Describes the tensors of all files, in any order. `tensors` yields each of them once, in any order. */
  readonly specs: readonly ModelTensorSpec[];
  /** Yields one tensor at a time. The next one is requested once this one's bytes are in a Blob, which browsers may hold outside memory. */
  readonly tensors: AsyncIterable<ModelTensor>;
  /** The largest size of a weights file in bytes. A file with a single tensor may be larger. Default: 5·10⁹. */
  readonly maxShardBytes?: number;
}

const MAX_SHARD_BYTES = 5e9;

/**
 * Writes a model's folder as transformers' `save_pretrained` does: config.json, and model.safetensors or shards with an index. `config` is
 * written unchanged, except for the dtype of the weights.
 *
 * Throws `invalid_argument` if `tensors` doesn't match `specs`, and the errors of `tensors`.
 */
export async function writeModelFolder(
  config: PretrainedConfig,
  { specs, tensors, maxShardBytes = MAX_SHARD_BYTES }: ModelFolderOptions,
): Promise<Map<string, Blob>> {
  const contents = await collect(specs, tensors);
  const files = new Map([['config.json', jsonFile(withDtype(config, specs))]]);
  const shards = split(inFileOrder(specs.map((spec) => ({ ...spec, shape: spec.dims }))), maxShardBytes);
  const names = shards.map((_, index) => (shards.length === 1 ? WEIGHTS_FILE : shardName(index, shards.length)));
  for (const [index, shard] of shards.entries()) {
    const parts = shard.map(({ name }) => contents.get(name) as Blob);
    files.set(names[index] as string, new Blob([formatHeader(shard, TORCH_METADATA), ...parts], { type: BINARY }));
  }
  if (shards.length > 1) files.set(WEIGHTS_INDEX, jsonFile(indexOf(shards, names)));
  return files;
}

type Spec = ModelTensorSpec & { readonly shape: readonly number[] };

const BINARY = 'application/octet-stream';

async function collect(
  specs: readonly ModelTensorSpec[],
  tensors: AsyncIterable<ModelTensor>,
): Promise<ReadonlyMap<string, Blob>> {
  const missing = new Map(specs.map((spec) => [spec.name, spec]));
  const contents = new Map<string, Blob>();
  for await (const tensor of tensors) {
    const { name, dims, dtype, bytes } = tensor;
    const spec = missing.get(name);
    if (spec === undefined)
      throw unexpected(`expected each of ${specs.length} tensors once, got ${JSON.stringify(name)}`);
    if (spec.dtype !== dtype || !sameShape(spec.dims, dims)) {
      throw unexpected(`${name}: expected ${spec.dtype} [${spec.dims}], got ${dtype} [${dims}]`);
    }
    expectSize({ name, dtype, shape: dims, bytes });
    contents.set(name, new Blob([bytes]));
    missing.delete(name);
  }
  const [absent] = missing.keys();
  if (absent !== undefined) throw unexpected(`expected ${JSON.stringify(absent)} too, got ${contents.size} tensors`);
  return contents;
}

/** Distributes tensors over files in order, as many per file as fit. */
function split(specs: readonly Spec[], maxBytes: number): readonly (readonly Spec[])[] {
  const shards: Spec[][] = [[]];
  let bytes = 0;
  for (const spec of specs) {
    const size = sizeOf(spec);
    if (bytes > 0 && bytes + size > maxBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(spec);
    bytes += size;
  }
  return shards;
}

function shardName(index: number, count: number): string {
  const padded = (value: number): string => String(value).padStart(5, '0');
  return `model-${padded(index + 1)}-of-${padded(count)}.safetensors`;
}

function indexOf(shards: readonly (readonly Spec[])[], names: readonly string[]): unknown {
  const all = shards.flat();
  const sum = (of: (spec: Spec) => number): number => all.reduce((total, spec) => total + of(spec), 0);
  return {
    metadata: {
      total_parameters: sum(({ shape }) => shape.reduce((product, size) => product * size, 1)),
      total_size: sum(sizeOf),
    },
    weight_map: Object.fromEntries(shards.flatMap((shard, index) => shard.map(({ name }) => [name, names[index]]))),
  };
}

/**
 * Adds the weights' dtype to config.json: as `torch_dtype` if the config has that field, as `dtype` otherwise. transformers 5 loads the
 * weights in this dtype.
 */
function withDtype(config: PretrainedConfig, specs: readonly ModelTensorSpec[]): PretrainedConfig {
  const has = (wanted: ModelTensorSpec['dtype']): boolean => specs.some((spec) => spec.dtype === wanted);
  const dtype = has('BF16') ? 'bfloat16' : has('F16') ? 'float16' : 'float32';
  return { ...config, [Object.hasOwn(config, 'torch_dtype') ? 'torch_dtype' : 'dtype']: dtype };
}

/** The fields that are Python floats. transformers checks their type, and JavaScript would write 0.0 as 0. */
const FLOATS = [
  'attention_dropout',
  'attn_logit_softcapping',
  'attn_pdrop',
  'block_ffn_dim_multiplier',
  'classifier_dropout',
  'dropout',
  'embd_pdrop',
  'embed_dropout',
  'embedding_dropout',
  'factor',
  'final_logit_softcapping',
  'global_rope_theta',
  'hidden_dropout',
  'high_freq_factor',
  'initializer_cutoff_factor',
  'initializer_factor',
  'initializer_range',
  'layer_norm_epsilon',
  'layerdrop',
  'layerscale_value',
  'local_rope_theta',
  'low_freq_factor',
  'mlp_dropout',
  'norm_eps',
  'partial_rotary_factor',
  'resid_dropout',
  'resid_pdrop',
  'rms_norm_eps',
  'rope_local_base_freq',
  'rope_theta',
  'rotary_pct',
  'summary_first_dropout',
];

function jsonFile(value: unknown): Blob {
  return new Blob([`${pythonJson(value, { floats: FLOATS })}\n`], { type: 'application/json' });
}

function unexpected(message: string): WebVeraError {
  return new WebVeraError('invalid_argument', `A model's folder: ${message}`);
}
