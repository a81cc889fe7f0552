import { Breather } from '../../../core/async/breather';
import { WebVeraError } from '../../../core/errors/error';
import type { Warning } from '../../../core/errors/warning';
import type { PreferenceLoss } from '../../../core/preferences/preference';
import type { SentExample } from '../../../core/types/training';
import type { Graph } from '../../../graph/graph';
import type { Runner } from '../../../graph/runner';
import { pinned, type Value } from '../../../graph/value';
import type { SequenceLosses, SequencePairs } from '../../../ops/losses/pair_losses';
import { sequenceLogps } from '../../../ops/losses/sequence_logps';
import type { TextTokenizer } from '../../../tokenizer/tokenizer';
import { exampleRows } from '../../reading/example_rows';
import type { BatchArguments, BatchShape } from '../../task/task_batches';
import type { CollectedRows, CollectOptions, RowSource } from '../../task/task_data';
import type { TaskModel } from '../../task/task_kind';
import type { Loss, LossParts } from '../../task/task_loss';
import type { TaskReference } from '../../task/task_reference';
import { MAX_TOKENS } from '../../texts/text_tokens';
import { type TokenInputs, TokenTask } from '../../texts/token_task';
import { chunkRowsFor } from '../chunk_rows';
import type { TokenRow } from '../token_row';
import { type PairBatch, pairBatch } from './pair_batch';
import { type PairRow, type PairRowOptions, partsOf, type RowParts } from './pair_row';

export interface PairInputs extends TokenInputs {
  /** u32 (B, 2): for each sequence, the range of its entries in the labelled `rows`. */
  readonly sequences: Value;
  /** (P, 5): for each pair, the base model's two log probabilities, two numbers whose meaning depends on the loss, and the weight. */
  readonly given: Value;
}

/** The shared parts of all preference tasks. They compare the log probabilities of pairs of sequences with those of the base model. */
export abstract class PairTask<
  Read extends Pick<TokenRow, 'input_ids'>,
  Kind extends PreferenceLoss,
> extends TokenTask<PairBatch> {
  readonly lossName: string;
  protected readonly preference: Kind;
  /** The format of an example, for error messages. */
  protected abstract readonly form: string;
  readonly reference: TaskReference<PairRow, PairInputs> = {
    logps: (g, parts) => ({ logps: this.#logps(g, parts), chunkRows: this.#chunkRows(parts.shape) }),
    keep: (rows, logps) => {
      for (const [index, { reference }] of rows.entries()) {
        reference.set([logps[index] ?? Number.NaN, logps[rows.length + index] ?? Number.NaN]);
      }
    },
    kept: (rows) => Float32Array.from([0, 1].flatMap((which) => rows.map((row) => row.reference[which] ?? Number.NaN))),
  };

  constructor(preference: Kind, model: Omit<TaskModel, 'image'>, tokenizer: TextTokenizer | undefined) {
    super(model, tokenizer);
    this.preference = preference;
    this.lossName = JSON.stringify(preference);
  }

  /**
   * Encodes an example. Resolves with undefined if it has no token to learn. Rejects with `invalid_argument` for an example of another
   * format.
   */
  protected abstract read(example: SentExample, where: string, options: PairRowOptions): Promise<Read | undefined>;

  /** Makes the rows of all examples that have a token to learn. */
  protected abstract rowsOf(
    examples: readonly Read[],
    args: BatchArguments,
    breather: Breather,
  ): readonly PairRow[] | Promise<readonly PairRow[]>;

  /** Returns the values of a row that the loss reads besides the log probabilities. */
  protected abstract given(row: PairRow): readonly [first: number, second: number, weight: number];

  /** Returns a row with TRL's field names. */
  protected abstract fieldsOf(parts: RowParts, row: PairRow): object;

  /** Computes the loss of each pair, and the weights of its tokens' gradients. */
  protected abstract compare(g: Graph, pairs: SequencePairs): SequenceLosses;

  async collect(
    source: RowSource,
    { args, purpose, isWeighted = purpose === 'training', signal }: CollectOptions,
  ): Promise<CollectedRows<PairRow>> {
    const options = { tokenizer: this.tokenizer, maxLength: this.rowLength(args), breather: new Breather(signal) };
    const tokens = (read: Read | undefined): number => read?.input_ids.length ?? 0;
    const format = {
      form: this.form,
      limits: [{ unit: 'tokens', most: MAX_TOKENS, of: tokens }],
      row: (example: SentExample, where: string) => this.read(example, where, options),
    };
    const all = await exampleRows<Read | undefined>(source, format, signal);
    const learnt = all.flatMap((read) => read ?? []);
    if (learnt.length === 0) throw nothingLeft(all.length, options.maxLength);
    const weighted = await this.rowsOf(learnt, args, options.breather);
    const rows = isWeighted ? weighted : weighted.map((row) => ({ ...row, weight: 1 }));
    return { rows, warnings: leftOut(all.length - rows.length, all.length, options.maxLength) };
  }

  columns({ input_ids, labels, attention_mask, weight, isGood }: PairRow) {
    const others = new Uint32Array(Float32Array.of(weight, Number(isGood)).buffer);
    return [input_ids, labels, attention_mask, others] as const;
  }

  exported(row: PairRow): object {
    if (row.weight === 1) return this.fieldsOf(partsOf(row), row);
    const message = `export_run: expected examples without a weight, got one of ${row.weight}`;
    throw new WebVeraError('invalid_argument', message, { hint: "TRL's trainers have no weights of examples." });
  }

  isUneven(row: PairRow): boolean {
    const [, , weight] = this.given(row);
    return weight !== 1;
  }

  override fullShape(args: BatchArguments): BatchShape {
    const { B, T } = super.fullShape(args);
    return { B: 2 * B, T };
  }

  batch(rows: readonly PairRow[], args: BatchArguments): PairBatch {
    return pairBatch(rows, this.rowLength(args), this.text);
  }

  override inputs(shape: BatchShape): PairInputs {
    return {
      ...super.inputs(shape),
      sequences: pinned('sequences', [shape.B, 2], 'u32'),
      given: pinned('given of pairs', [shape.B / 2, 5]),
    };
  }

  override write(runner: Runner, inputs: PairInputs, batch: PairBatch): void {
    super.write(runner, inputs, batch);
    runner.write(inputs.sequences, batch.sequences);
    const given = batch.pairs.flatMap((row) => [...row.reference, ...this.given(row)]);
    runner.write(inputs.given, Float32Array.from(given));
  }

  /**
   * Runs the head twice: first for the sequences' log probabilities, then for the gradients. In the second pass, the weight of each token
   * is the derivative of the loss with respect to its sequence's log probability.
   */
  loss(g: Graph, parts: LossParts<PairInputs>): Loss {
    const { inputs, shape, into } = parts;
    const chunkRows = this.#chunkRows(shape);
    const pairs = {
      logps: this.#logps(g, parts),
      sequences: inputs.sequences,
      given: inputs.given,
      L: shape.B * shape.T,
    };
    const { losses, weights, metrics } = this.compare(g, pairs);
    if (into.size === 0) return { losses, chunkRows, metrics };
    return { losses, chunkRows, metrics, learnt: this.crossEntropy(g, parts, { chunkRows, weights }).losses };
  }

  #logps(g: Graph, parts: LossParts<PairInputs>): Value {
    const tokens = this.crossEntropy(g, parts, { chunkRows: this.#chunkRows(parts.shape), hasGradient: false });
    return sequenceLogps(g, tokens.losses, parts.inputs.sequences);
  }

  #chunkRows({ B, T }: BatchShape): number {
    return chunkRowsFor(B * T, this.text.vocabSize);
  }
}

function leftOut(count: number, of: number, maxLength: number): Warning[] {
  const message =
    `${count} of ${of} examples are left out: their prompt fills the first ${maxLength} tokens, or a completion has no token to predict. ` +
    'Is max_length too small?';
  return count === 0 ? [] : [{ code: 'left_out', message }];
}

function nothingLeft(count: number, maxLength: number): WebVeraError {
  return new WebVeraError(
    'invalid_argument',
    `Expected examples with completions, got ${count} without a token to learn within ${maxLength} tokens`,
    { hint: 'Is max_length too small, or are the texts empty?', detail: { leftOut: count } },
  );
}
