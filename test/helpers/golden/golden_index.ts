import { readFileSync } from 'node:fs';
import type { TaskName } from '../../../src/tasks/task_registry';

/** An entry of `golden/index.json`, which the oracle writes. Suites choose cases by it. */
export interface GoldenEntry {
  readonly name: string;
  /** Its folder below `base/`. */
  readonly base: string;
  /** Its `model_type`. */
  readonly family: string;
  readonly task: TaskName;
  /** On one base model: most cases have one. */
  readonly adapters: number;
  readonly rank: number;
  /** Of the base model's file. */
  readonly dtype: string;
  /** Beside the vectors. */
  readonly trains: readonly ('biases' | 'modules')[];
  /** Ids of its runs. */
  readonly runs: readonly string[];
  readonly covers: string;
}

/** The cases of one adapter that hold, by name. */
export function goldenCases(holds: (entry: GoldenEntry) => boolean = () => true): readonly GoldenEntry[] {
  const index = JSON.parse(readFileSync(new URL('../../golden/index.json', import.meta.url), 'utf8'));
  const entries = Object.entries<Omit<GoldenEntry, 'name'>>(index).map(([name, entry]) => ({ name, ...entry }));
  return entries.filter((entry) => entry.adapters === 1 && holds(entry));
}

export function goldenNames(holds?: (entry: GoldenEntry) => boolean): string[] {
  return goldenCases(holds).map(({ name }) => name);
}

/** The base models of the cases that hold, each once. */
export function goldenBases(holds?: (entry: GoldenEntry) => boolean): string[] {
  return [...new Set(goldenCases(holds).map(({ base }) => base))];
}

export const isDecoder = ({ task }: GoldenEntry): boolean => task === 'causal_lm';

export const isText = ({ task }: GoldenEntry): boolean => task !== 'image_classification';

/** A Llama that predicts tokens, by itself. */
export const isLlama = ({ family, task }: GoldenEntry): boolean => family === 'llama' && task === 'causal_lm';

/** The cases that stand for the others: a decoder, GPT-2's Conv1D layers, trained biases, an encoder with a head that trains. */
export const isKeyCase = ({ name }: GoldenEntry): boolean =>
  ['llama_qvud_big', 'gpt2_all_mid', 'opt_bias_mid', 'bert_seqcls_mid'].includes(name);
