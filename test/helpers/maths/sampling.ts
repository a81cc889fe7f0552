import { Graph } from '../../../src/graph/graph';
import { copyInto } from '../../../src/ops/copy';
import { GENERATION_BLOCK_WORDS, sample, seenWords } from '../../../src/ops/sample';
import { wordOf } from '../../reference/rows/words';
import type { Memory } from '../../reference/runner';
import { input } from '../gpu/on_gpu';

/** The fields of a sequence's `GenerationBlock`, and the ids of its tokens. */
export interface SequenceFields {
  readonly position?: number;
  readonly row?: number;
  readonly do_sample?: boolean;
  readonly seed?: readonly [number, number];
  readonly top_k?: number;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly repetition_penalty?: number;
  readonly ids?: readonly number[];
}

/** Builds a graph that samples `steps` times from the same logits, for one sequence per entry of `fields`. */
export function samplingOf(logits: Float64Array, V: number, fields: readonly SequenceFields[], steps = 1, S = steps) {
  const memory: Memory = new Map();
  const B = fields.length;
  const words = (name: string, numbers: Float64Array) => input(memory, name, [numbers.length], numbers, 'u32');
  const state = {
    ids: words('ids', new Float64Array(B)),
    positions: words('positions', new Float64Array(B)),
    history: words('history', new Float64Array(B * S)),
    seen: words('seen', Float64Array.from(fields.flatMap(({ ids = [] }) => bitsOf(ids, V)))),
    block: words('block', Float64Array.from(fields.flatMap(blockOf))),
  };
  const g = new Graph();
  const shape = [logits.length / V, V];
  const given = input(memory, 'given logits', shape, logits);
  const values = input(memory, 'logits', shape, new Float64Array(logits.length));
  for (let step = 0; step < steps; step++) {
    // A repetition penalty overwrites the logits, so each step copies them again.
    if (step === 0 || fields.some(({ repetition_penalty = 1 }) => repetition_penalty !== 1))
      copyInto(g, given, values, 0);
    sample(g, values, state);
  }
  return { memory, g, logits: values, state, wanted: Object.values(state) };
}

function blockOf({ position = 0, row = 0, do_sample = false, seed = [42, 0], ...cut }: SequenceFields): number[] {
  const { top_k = 0, temperature = 1, top_p = 1, repetition_penalty = 1 } = cut;
  const words = [position, 0, row, Number(do_sample), ...seed, top_k];
  words.push(...[temperature, top_p, repetition_penalty].map(wordOf));
  if (words.length !== GENERATION_BLOCK_WORDS) throw new Error(`A block has ${GENERATION_BLOCK_WORDS} words`);
  return words;
}

function bitsOf(ids: readonly number[], V: number): number[] {
  const words = Array<number>(seenWords(V)).fill(0);
  for (const id of new Set(ids)) words[id >>> 5]! += 2 ** (id & 31);
  return words;
}
