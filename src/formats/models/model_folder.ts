import { WebVeraError } from '../../core/errors/error';
import { sameShape } from '../../core/numbers/shape';
import type { PretrainedConfig } from '../../core/types/model';
import type { Tensor } from '../../core/types/tensor';
import { pythonJson } from '../python_json';
import { expectSize, formatHeader, inFileOrder, sizeOf } from '../tensors/safetensors';
import { TORCH_METADATA } from '../tensors/tensors';
import { WEIGHTS_FILE, WEIGHTS_INDEX } from './weights';

/** What is known of a weight before its numbers are there. */
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
  /** Tensors of all files, in any order; each comes once in `tensors`, in any order again. */
  readonly specs: readonly ModelTensorSpec[];
  /** One at a time: the next is asked for when this one's bytes lie in a Blob, which browsers keep out of memory. */
  readonly tensors: AsyncIterable<ModelTensor>;
  /** Weights above this are split into shards of at most so many bytes each, but for single tensors. Default 5·10⁹. */
  readonly maxShardBytes?: number;
}

/** What transformers takes. */
const MAX_SHARD_BYTES = 5e9;

/**
 * A model's folder as transformers' `save_pretrained` writes it: config.json, and model.safetensors or shards with an
 * index. `config` is written as it is, but for the type of the weights.
 *
 * Throws `invalid_argument` where `tensors` gives something else than `specs` say, and what `tensors` throws.
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

/** As many tensors in a row as fit, file after file. */
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

/** transformers 5 loads weights as what config.json calls them, under one of two names. */
function withDtype(config: PretrainedConfig, specs: readonly ModelTensorSpec[]): PretrainedConfig {
  const has = (wanted: ModelTensorSpec['dtype']): boolean => specs.some((spec) => spec.dtype === wanted);
  const dtype = has('BF16') ? 'bfloat16' : has('F16') ? 'float16' : 'float32';
  return { ...config, [Object.hasOwn(config, 'torch_dtype') ? 'torch_dtype' : 'dtype']: dtype };
}

/** Python's floats: transformers checks types, and what it wrote as 0.0 or 1e-06 is 0 or 0.000001 in JavaScript. */
const FLOATS = [
  'attention_dropout',
  'attn_logit_softcapping',
  'attn_pdrop',
  'dropout',
  'embd_pdrop',
  'factor',
  'final_logit_softcapping',
  'hidden_dropout',
  'high_freq_factor',
  'initializer_range',
  'layer_norm_epsilon',
  'layerdrop',
  'low_freq_factor',
  'partial_rotary_factor',
  'resid_pdrop',
  'rms_norm_eps',
  'rope_local_base_freq',
  'rope_theta',
  'summary_first_dropout',
];

function jsonFile(value: unknown): Blob {
  return new Blob([`${pythonJson(value, FLOATS)}\n`], { type: 'application/json' });
}

function unexpected(message: string): WebVeraError {
  return new WebVeraError('invalid_argument', `A model's folder: ${message}`);
}
