import { readdirSync, readFileSync } from 'node:fs';
import type { AdapterConfigFields } from '../../../src/adapters/config/adapter_config';
import type { VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import type { ModuleNames } from '../../../src/core/types/model';
import type { Tensor } from '../../../src/core/types/tensor';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import { worstDifference } from '../gpu/differences';

const root = new URL('../../golden/', import.meta.url);

/** A batch of texts, or of images, which have no ids. */
export interface GoldenBatch {
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
  readonly token_type_ids?: readonly (readonly number[])[];
  /** (B,C,H,W) */
  readonly pixel_values?: Tensor;
  /** A label for each token; for classifiers, a label for each row, or a number for each of a row's labels. */
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
  /** The temperature of a supervised contrast, which replaces the model's own loss. */
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
  /** The configuration of a kind other than VeRA, with its `peft_type`. */
  readonly peft_config?: AdapterConfigFields;
  /** Modules in the order of PEFT's `named_modules()`. */
  readonly wrapped_modules: readonly {
    readonly name: string;
    readonly in_features: number;
    readonly out_features: number;
    readonly kind: string;
  }[];
  /** PEFT's configuration after the adapter was added to the model. */
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
  /** Whether both adapters have the same A and B; for VeRA. */
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

/** A case's inputs with pixels, which are among its tensors; those of the batch come first. */
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

/** The modules' names in the release of transformers that made a case. */
export function moduleNamesOf({ versions }: GoldenCase): ModuleNames {
  return versions.transformers!.startsWith('4.') ? 'v4' : 'v5';
}

export function goldenAdapters(name: string): GoldenAdapters {
  return JSON.parse(readFileSync(new URL(`cases/${name}/case.json`, root), 'utf8'));
}

/** The expected tensors of a case, as float32. */
export function goldenTensors(name: string): ReadonlyMap<string, Float32Array> {
  return new Map([...tensorsOf(name)].map(([key, tensor]) => [key, toFloat32(tensor)]));
}

function tensorsOf(name: string): ReturnType<typeof readSafetensors>['tensors'] {
  return readSafetensors(new Uint8Array(readFileSync(new URL(`cases/${name}/tensors.safetensors`, root)))).tensors;
}

/** A base model's folder as files in memory. */
export function goldenBase(base: string): { readonly files: Map<string, Blob> } {
  return folderFiles(new URL(`${base}/`, root));
}

/** One of a case's adapter folders as files in memory. */
export function goldenAdapter(name: string, folder: string): { readonly files: Map<string, Blob> } {
  return folderFiles(new URL(`cases/${name}/${folder}/`, root));
}

/** The fields of adapter_config.json without PEFT's version and the order of sets, in which writers differ. */
export function comparableConfig(text: string): unknown {
  const { peft_version, ...rest } = JSON.parse(text);
  const sorted = ['target_modules', 'exclude_modules', 'feedforward_modules'].flatMap((name) =>
    Array.isArray(rest[name]) ? [[name, rest[name].toSorted()] as const] : [],
  );
  return { ...rest, ...Object.fromEntries(sorted) };
}

/** The files of a folder in memory. The folder's address ends with a slash. */
export function folderFiles(folder: URL): { readonly files: Map<string, Blob> } {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }): [string, Blob] => [name, new Blob([readFileSync(new URL(name, folder))])]);
  return { files: new Map(files) };
}

/** Whether a number of a batch's logits, (B,T,V), belongs to a token, not to padding. */
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
