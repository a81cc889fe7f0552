import type { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { crossEntropy } from '../../../src/ops/losses/cross_entropy';
import type { SequenceLosses, SequencePairs } from '../../../src/ops/losses/pair_losses';
import type { RowLosses } from '../../../src/ops/losses/row_losses';
import { sequenceLogps } from '../../../src/ops/losses/sequence_logps';
import { linear } from '../../../src/ops/products/linear';
import type { Memory } from '../../reference/runner';
import { input } from '../gpu/on_gpu';
import { blockWords } from '../gpu/step_block';
import { random, randomArray } from './random';

interface PairSize {
  /** The number of tokens in each sequence. The first sequences of all pairs come first, then the second ones. */
  readonly tokens: readonly number[];
  /** The width of the hidden states. */
  readonly C: number;
  readonly V: number;
  readonly chunkRows: number;
  /** The weight of each pair. Default: 1. */
  readonly weights?: readonly number[];
  readonly inverse_tokens?: number;
}

/** Pairs of sequences, a linear head that predicts their tokens, and a loss over the pairs. */
export class SequencePairBench {
  readonly memory: Memory = new Map();
  readonly hidden: Value;
  readonly head: Value;
  readonly sequences: Value;
  readonly given: Value;
  readonly block: Value;
  readonly #rows: Value;
  readonly #targets: Value;
  readonly #size: PairSize;

  constructor(size: PairSize) {
    this.#size = size;
    const { tokens, C, V, weights = [], inverse_tokens = 1 } = size;
    const labelled = tokens.reduce((sum, count) => sum + count, 0);
    // Two rows without a label are added.
    const N = labelled + 2;
    const next = random(7);
    const make = (name: string, shape: readonly number[], numbers: readonly number[], dtype?: 'u32'): Value =>
      input(this.memory, name, shape, Float64Array.from(numbers), dtype);
    this.hidden = input(this.memory, 'hidden', [N, C], randomArray(N * C, 1, 2));
    this.head = input(this.memory, 'head', [V, C], randomArray(V * C, 2));
    const rows = Array.from({ length: N }, (_, n) => (n < labelled ? labelled - 1 - n : 0));
    this.#rows = make('rows', [N], rows, 'u32');
    const targets = Array.from({ length: N }, () => Math.floor(next() * V));
    this.#targets = make('targets', [N], targets, 'u32');
    const ends = tokens.map((_, b) => tokens.slice(0, b + 1).reduce((sum, count) => sum + count, 0));
    const ranges = tokens.flatMap((count, b) => [(ends[b] ?? 0) - count, ends[b] ?? 0]);
    this.sequences = make('sequences', [tokens.length, 2], ranges, 'u32');
    const P = tokens.length / 2;
    const given = Array.from({ length: P }, (_, i) => {
      const lengths = [tokens[i] ?? 0, tokens[P + i] ?? 0];
      return [...lengths.map((count) => -count * (1 + next())), ...lengths, weights[i] ?? 1];
    });
    this.given = make('given', [P, 5], given.flat());
    this.block = make('block', [8], [...blockWords({ labelled, inverse_tokens })], 'u32');
  }

  /** Builds the losses of the pairs, and the row losses (`learnt`) that have the same gradient. */
  build(
    g: Graph,
    into: ReadonlyMap<Value, Value>,
    compare: (g: Graph, pairs: SequencePairs) => SequenceLosses,
  ): SequenceLosses & { readonly logps: Value; readonly learnt: RowLosses } {
    const { V, chunkRows } = this.#size;
    const inputs = {
      hidden: this.hidden,
      project: (some: Value) => linear(g, some, this.head),
      outputs: V,
      rows: this.#rows,
      targets: this.#targets,
      block: this.block,
      chunkRows,
      into,
    };
    const tokens = crossEntropy(g, { ...inputs, hasGradient: false }).losses;
    const logps = sequenceLogps(g, tokens, this.sequences);
    const [L = 0] = this.#rows.shape;
    const losses = compare(g, { logps, sequences: this.sequences, given: this.given, L });
    return { ...losses, logps, learnt: crossEntropy(g, { ...inputs, weights: losses.weights }) };
  }
}
