import type { Value } from '../../../src/graph/value';
import { attentionSpans } from '../../../src/ops/attention/attention_spans';
import type { Memory } from '../../reference/runner';
import { input } from '../gpu/on_gpu';
import { randomArray } from '../maths/random';

interface ConvSizes {
  readonly C: number;
  readonly K: number;
  /** For each row and token: 0 for padding, otherwise the number of the token's document. */
  readonly documents: readonly (readonly number[])[];
}

/** Makes random inputs of `shortConv`. */
export function convInputs(memory: Memory, { C, K, documents }: ConvSizes) {
  const [B, T] = [documents.length, documents[0]?.length ?? 0];
  const make = (name: string, rows: number, columns: number, seed: number): Value =>
    input(memory, name, [rows, columns], randomArray(rows * columns, seed));
  return {
    bcx: make('bcx', B * T, 3 * C, 1),
    weight: make('weight', K, C, 2),
    spans: input(memory, 'spans', [B, T, 2], Float64Array.from(attentionSpans(documents.flat(), T)), 'u32'),
  };
}
