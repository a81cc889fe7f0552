import { readFileSync } from 'node:fs';
import type { TaskName } from '../../../src/tasks/task_registry';

/** An entry of `golden/index.json`, which the oracle writes. Suites choose cases by entries. */
export interface GoldenEntry {
  readonly name: string;
  /** The base's folder within `base/`. */
  readonly base: string;
  /** The base's `model_type`. */
  readonly family: string;
  readonly task: TaskName;
  /** PEFT's name of the adapters' kind. */
  readonly kind: string;
  /** The number of adapters on the base model; most cases have one. */
  readonly adapters: number;
  /** The rank; null for kinds without ranks. */
  readonly rank: number | null;
  /** The dtype of the base model's file. */
  readonly dtype: string;
  /** Trained tensors in addition to the vectors. */
  readonly trains: readonly ('biases' | 'modules')[];
  /** Ids of training runs. */
  readonly runs: readonly string[];
  readonly covers: string;
}

/** The cases of a single adapter of any kind, by name. */
export function allGoldenCases(): readonly GoldenEntry[] {
  const index = JSON.parse(readFileSync(new URL('../../golden/index.json', import.meta.url), 'utf8'));
  const entries = Object.entries<Omit<GoldenEntry, 'name'>>(index).map(([name, entry]) => ({ name, ...entry }));
  return entries.filter((entry) => entry.adapters === 1);
}

/** The cases of a single VeRA adapter for which `holds` is true, by name. */
export function goldenCases(holds: (entry: GoldenEntry) => boolean = () => true): readonly GoldenEntry[] {
  return allGoldenCases().filter((entry) => entry.kind === 'VERA' && holds(entry));
}

export function goldenNames(holds?: (entry: GoldenEntry) => boolean): string[] {
  return goldenCases(holds).map(({ name }) => name);
}

/** The base models of the cases for which `holds` is true, each once. */
export function goldenBases(holds?: (entry: GoldenEntry) => boolean): string[] {
  return [...new Set(goldenCases(holds).map(({ base }) => base))];
}

export const isDecoder = ({ task }: GoldenEntry): boolean => task === 'causal_lm';

export const isText = ({ task }: GoldenEntry): boolean => task !== 'image_classification';

/** A Llama with a language model's head. */
export const isLlama = ({ family, task }: GoldenEntry): boolean => family === 'llama' && task === 'causal_lm';

/** Cases that represent the others: a decoder, GPT-2's Conv1D layers, trained biases, an encoder with a trained head. */
export const isKeyCase = ({ name }: GoldenEntry): boolean =>
  ['llama_qvud_big', 'gpt2_all_mid', 'opt_bias_mid', 'bert_seqcls_mid'].includes(name);
