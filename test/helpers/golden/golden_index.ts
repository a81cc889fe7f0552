import { readFileSync } from 'node:fs';
import type { TaskName } from '../../../src/tasks/task_registry';

/** An entry of `golden/index.json`, which the Python scripts in test/oracle write. Test suites select cases by these entries. */
export interface GoldenEntry {
  readonly name: string;
  /** The base model's folder within `base/`. */
  readonly base: string;
  /** The base model's `model_type`. */
  readonly family: string;
  readonly task: TaskName;
  /** The adapter kind, by PEFT's name. */
  readonly kind: string;
  /** The number of adapters on the base model; most cases have one. */
  readonly adapters: number;
  /** The rank; null for kinds without ranks. */
  readonly rank: number | null;
  /** The dtype of the base model's file. */
  readonly dtype: string;
  /** The tensors that are trained in addition to the adapter's own. */
  readonly trains: readonly ('biases' | 'modules')[];
  /** The ids of the case's training runs. */
  readonly runs: readonly string[];
  readonly covers: string;
}

/** Returns the cases with a single adapter of any kind. */
export function allGoldenCases(): readonly GoldenEntry[] {
  const index = JSON.parse(readFileSync(new URL('../../golden/index.json', import.meta.url), 'utf8'));
  const entries = Object.entries<Omit<GoldenEntry, 'name'>>(index).map(([name, entry]) => ({ name, ...entry }));
  return entries.filter((entry) => entry.adapters === 1);
}

/** Returns the cases with a single VeRA adapter for which `holds` is true. */
export function goldenCases(holds: (entry: GoldenEntry) => boolean = () => true): readonly GoldenEntry[] {
  return allGoldenCases().filter((entry) => entry.kind === 'VERA' && holds(entry));
}

export function goldenNames(holds?: (entry: GoldenEntry) => boolean): string[] {
  return goldenCases(holds).map(({ name }) => name);
}

/** Returns the base models of the cases for which `holds` is true, each once. */
export function goldenBases(holds?: (entry: GoldenEntry) => boolean): string[] {
  return [...new Set(goldenCases(holds).map(({ base }) => base))];
}

export const isDecoder = ({ task }: GoldenEntry): boolean => task === 'causal_lm';

export const isText = ({ task }: GoldenEntry): boolean => task !== 'image_classification';

/** Whether a case's base model is a Llama language model. */
export const isLlama = ({ family, task }: GoldenEntry): boolean => family === 'llama' && task === 'causal_lm';

/** Whether a case is one that represents the others: a decoder, Conv1D layers (GPT-2), trained biases, an encoder with a trained head. */
export const isKeyCase = ({ name }: GoldenEntry): boolean =>
  ['llama_qvud_big', 'gpt2_all_mid', 'opt_bias_mid', 'bert_seqcls_mid'].includes(name);
