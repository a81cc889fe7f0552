import { readdirSync, readFileSync } from 'node:fs';
import type { AdapterConfigFields } from '../../../src/adapters/config/adapter_config';
import type { VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import type { ModuleNames } from '../../../src/core/types/model';
import type { Tensor } from '../../../src/core/types/tensor';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import { worstDifference } from '../gpu/differences';

const root = new URL('../../golden/', import.meta.url);

/** A batch of texts or images. For images, the ids and masks are empty. */
export interface GoldenBatch {
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
  readonly token_type_ids?: readonly (readonly number[])[];
  /** The images' pixels, (B,C,H,W). */
  readonly pixel_values?: Tensor;
  /** A label for each token. For classifiers of rows: one label for each row, or each row's target value for every label. */
  readonly labels: readonly (readonly number[])[] | readonly number[];
}

export interface GoldenTraining {
  readonly id: string;
  readonly lr: number;
  readonly weight_decay: number;
  readonly max_grad_norm?: number;
  readonly warmup_steps?: number;
  readonly accumulate?: number;
  readonly normalise?: 'mean_of_means' | 'token_mean';
  /** The temperature of a supervised contrastive loss. If it is given, this loss replaces the model's own loss. */
  readonly contrast?: number;
  readonly start: 'init' | 'random';
  readonly steps: number;
  readonly losses: readonly number[];
  readonly grad_norms: readonly number[];
  readonly lrs: readonly number[];
  readonly batches: readonly (readonly number[])[];
  readonly tolerance: {
    readonly losses_abs: number;
    readonly final_abs_default: number;
    readonly final_abs: Readonly<Record<string, number>>;
  };
}

export interface GoldenCase {
  readonly name: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly base: string;
  readonly vera_config: VeraConfigInit;
  /** The configuration of an adapter kind other than VeRA, with its `peft_type`. */
  readonly peft_config?: AdapterConfigFields;
  /** The modules that the adapter wraps, in the order of `named_modules()`. */
  readonly wrapped_modules: readonly {
    readonly name: string;
    readonly in_features: number;
    readonly out_features: number;
    readonly kind: string;
  }[];
  /** The configuration in PEFT after the adapter was added to the model. */
  readonly adapter_config: Readonly<Record<string, unknown>>;
  readonly projection_shapes: Readonly<Record<'vera_A' | 'vera_B', readonly number[]>>;
  readonly trainable: Readonly<Record<string, readonly number[]>>;
  readonly trainable_parameters: number;
  readonly all_parameters: number;
  /** The shapes of the tensors in PEFT's file. */
  readonly saved_keys: Readonly<Record<string, readonly number[]>>;
  readonly inputs: { readonly batch: GoldenBatch; readonly train_batches: readonly GoldenBatch[] };
  readonly expect: {
    readonly base: { readonly loss: number };
    readonly init: { readonly loss: number };
    readonly random: {
      readonly loss: number;
      readonly grad_norm: number;
      readonly greedy: { readonly prompt: readonly number[]; readonly continuation: readonly number[] };
    };
    readonly disabled: { readonly loss: number };
    readonly merged: { readonly loss: number; readonly modules: readonly string[] };
    readonly train: readonly GoldenTraining[];
  };
  readonly tolerance: {
    readonly loss_abs: number;
    readonly logits_abs: number;
    readonly grad_abs: number;
    readonly merged_weight_abs: number;
  };
}

/** Two adapters on one base model. */
export interface GoldenAdapters {
  readonly base: string;
  readonly adapters: Readonly<Record<'default' | 'other', VeraConfigInit>>;
  /** Whether both adapters have the same A and B. Only for VeRA. */
  readonly projections_shared?: boolean;
  readonly inputs: { readonly batch: GoldenBatch };
  readonly steps: readonly {
    readonly step: string;
    readonly loss: number;
    readonly active: readonly string[];
    /** The adapters that remain after one was deleted. */
    readonly left?: readonly string[];
  }[];
  readonly warnings: readonly string[];
  readonly tolerance: { readonly loss_abs: number; readonly logits_abs: number };
}

export function goldenCase(name: string): GoldenCase {
  const golden: GoldenCase = JSON.parse(readFileSync(new URL(`cases/${name}/case.json`, root), 'utf8'));
  return golden.inputs.batch.input_ids === undefined ? { ...golden, inputs: withPixels(golden) } : golden;
}

/** Returns a case's inputs with their pixels, read from the case's tensors: index 0 is the batch, then come the training batches. */
function withPixels({ name, inputs }: GoldenCase): GoldenCase['inputs'] {
  const tensors = tensorsOf(name);
  const batch = ({ labels }: GoldenBatch, index: number): GoldenBatch => {
    const raw = tensors.get(`input.${index}.pixel_values`)!;
    return {
      input_ids: [],
      attention_mask: [],
      pixel_values: { dims: raw.shape, data: toFloat32(raw) },
      labels,
    };
  };
  return { batch: batch(inputs.batch, 0), train_batches: inputs.train_batches.map(batch) };
}

/** Returns which module names the release of transformers used that made a case. */
export function moduleNamesOf({ versions }: GoldenCase): ModuleNames {
  return versions.transformers!.startsWith('4.') ? 'v4' : 'v5';
}

export function goldenAdapters(name: string): GoldenAdapters {
  return JSON.parse(readFileSync(new URL(`cases/${name}/case.json`, root), 'utf8'));
}

/** Returns a case's expected tensors, as float32. */
export function goldenTensors(name: string): ReadonlyMap<string, Float32Array> {
  return new Map([...tensorsOf(name)].map(([key, tensor]) => [key, toFloat32(tensor)]));
}

function tensorsOf(name: string): ReturnType<typeof readSafetensors>['tensors'] {
  return readSafetensors(new Uint8Array(readFileSync(new URL(`cases/${name}/tensors.safetensors`, root)))).tensors;
}

/** Reads a base model's folder as files in memory. */
export function goldenBase(base: string): { readonly files: Map<string, Blob> } {
  return folderFiles(new URL(`${base}/`, root));
}

/** Reads one of a case's adapter folders as files in memory. */
export function goldenAdapter(name: string, folder: string): { readonly files: Map<string, Blob> } {
  return folderFiles(new URL(`cases/${name}/${folder}/`, root));
}

/** Returns adapter_config.json's fields for comparison: without PEFT's version, and with sets sorted, because writers differ there. */
export function comparableConfig(text: string): unknown {
  const { peft_version, ...rest } = JSON.parse(text);
  const sorted = ['target_modules', 'exclude_modules', 'feedforward_modules'].flatMap((name) =>
    Array.isArray(rest[name]) ? [[name, rest[name].toSorted()] as const] : [],
  );
  return { ...rest, ...Object.fromEntries(sorted) };
}

/** Reads a folder's files into memory. The folder's URL must end with a slash. */
export function folderFiles(folder: URL): { readonly files: Map<string, Blob> } {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }): [string, Blob] => [name, new Blob([readFileSync(new URL(name, folder))])]);
  return { files: new Map(files) };
}

/** Returns a function that decides whether an index into a batch's logits, (B,T,V), belongs to a token rather than to padding. */
export function tokensOf(
  { attention_mask }: Pick<GoldenBatch, 'attention_mask'>,
  V: number,
): (index: number) => boolean {
  const mask = attention_mask.flat();
  return (index) => mask[Math.floor(index / V)] === 1;
}

/** The largest |a − b| where `where` is true (everywhere by default); NaN if any difference is. */
export function largestDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  where?: (index: number) => boolean,
): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return worstDifference(a, b, where).difference;
}
