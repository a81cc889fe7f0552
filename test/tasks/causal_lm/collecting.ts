import { collectRows, type RowOptions } from '../../../src/tasks/causal_lm/collect_rows';
import type { RowSource } from '../../../src/tasks/task/task_data';
import { openTokenizer, proseFolder } from '../../helpers/models/tokenizers';

/** Helpers that make sources of examples, and collect rows from them. */

export const tokenizer = openTokenizer(proseFolder);
export const options: RowOptions = {
  tokenizer,
  vocabSize: 2048,
  completionOnly: null,
  maxLength: 16,
  packing: false,
  overflow: 'truncate',
};

/** Collects a source's rows, and returns their tokens. */
export async function idsOf(source: RowSource, changes: Partial<RowOptions> = {}): Promise<number[][]> {
  const { rows } = await collectRows(source, { ...options, ...changes });
  return rows.map(({ input_ids }) => [...input_ids]);
}

export function jsonl(...lines: readonly string[]): RowSource {
  return { kind: 'blob', blob: new Blob([lines.join('\n')]), format: 'jsonl' };
}

export function examples(...list: readonly unknown[]): RowSource {
  return { kind: 'examples', examples: list };
}

/** Returns consecutive numbers, which serve as token ids. */
export function ids(start: number, length: number): number[] {
  return Array.from({ length }, (_, i) => start + i);
}
