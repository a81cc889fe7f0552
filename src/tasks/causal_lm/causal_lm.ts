import { Breather } from '../../core/async/breather';
import type { Warning } from '../../core/errors/warning';
import type { Preview } from '../../core/types/preview';
import type { GivenInputs, Tensor } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { type Head, type TextSizes, textSizes } from '../../models/architecture';
import { crossEntropy } from '../../ops/losses/cross_entropy';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { expectTexts } from '../given_inputs';
import { refused } from '../refused';
import type { Task } from '../task/task';
import type { BatchArguments, BatchShape } from '../task/task_batches';
import type { CollectedRows, CollectOptions, PreviewArguments, RowExporter, RowSource } from '../task/task_data';
import type { TaskKind, TaskModel } from '../task/task_kind';
import type { LogitsParts, Loss, LossParts } from '../task/task_loss';
import type { Measured } from '../task/task_metrics';
import { type TextInputs, textInputs, writeTexts } from '../texts/text_inputs';
import { unpaddedLogits } from '../texts/unpadded_logits';
import { chunkRowsFor } from './chunk_rows';
import { collectRows } from './collect_rows';
import { previewOfExample } from './example_preview';
import { exportedRow } from './exported_row';
import { batchOfInputs } from './given_batch';
import { rowOfExample } from './row_of_example';
import { makeBatch, type TextBatch } from './text_batch';
import type { TokenRow } from './token_row';

/** N = B·T. */
interface TextBatchInputs extends TextInputs {
  /** u32 (N): the flat positions that have a label, then zeros. */
  readonly rows: Value;
  /** u32 (N): the token each of `rows` should predict. */
  readonly targets: Value;
}

/** Predicting the next token: `AutoModelForCausalLM`. */
export class CausalLm implements Task<TokenRow, TextBatch, TextBatchInputs> {
  readonly metricNames = ['eval_loss', 'perplexity'];
  readonly lowerIsBetter = ['eval_loss', 'perplexity'];
  /** transformers' label smoother counts other tokens than the loss here does. */
  readonly exporter: RowExporter<TokenRow> = { smoothsLabels: false, exported: exportedRow };
  readonly text: TextSizes;
  readonly #head: Head;
  readonly #tokenizer: TextTokenizer | undefined;

  /** Throws `unsupported_model` for a network that takes in something else than texts. */
  constructor(model: Omit<TaskModel, 'image'>, tokenizer?: TextTokenizer | undefined) {
    this.text = textSizes(model);
    this.#head = model.head;
    this.#tokenizer = tokenizer;
  }

  async collect(source: RowSource, { args, purpose, signal }: CollectOptions): Promise<CollectedRows<TokenRow>> {
    if (args.classWeights !== null) throw refused('classWeights', 'a language model has no classes');
    const maxLength = this.#rowLength(args);
    const { rows, leftOut, uncertain } = await collectRows(source, {
      tokenizer: this.#tokenizer,
      vocabSize: this.text.vocabSize,
      completionOnly: args.completion_only_loss,
      maxLength,
      packing: args.packing,
      overflow: purpose === 'training' ? 'truncate' : 'split',
      signal,
    });
    const what = args.packing ? 'rows' : 'examples';
    const within = args.packing ? 'them' : `their first ${maxLength} tokens`;
    const message =
      `${leftOut} of ${rows.length + leftOut} ${what} are left out, as there is nothing to predict in ${within}: ` +
      'a prompt fills them, or they are a single token. Is max_length too small?';
    const warnings: Warning[] = leftOut === 0 ? [] : [{ code: 'left_out', message }];
    if (uncertain > 0) warnings.push({ code: 'turns_left_out', message: turnsLeftOut(uncertain) });
    return { rows, warnings };
  }

  preview(example: SentExample, where: string, { args, signal }: PreviewArguments): Promise<Preview> {
    return previewOfExample(example, where, {
      breather: new Breather(signal),
      tokenizer: this.#tokenizer,
      vocabSize: this.text.vocabSize,
      completionOnly: args.completion_only_loss,
      maxLength: this.#rowLength(args),
    });
  }

  async kept(example: SentExample, where: string): Promise<SentExample> {
    await rowOfExample(example, where, {
      breather: new Breather(),
      most: this.text.maxLength,
      tokenizer: this.#tokenizer,
      vocabSize: this.text.vocabSize,
      // A run chooses the turns that are learnt.
      completionOnly: false,
    });
    return example;
  }

  columns({ input_ids, labels, attention_mask }: TokenRow) {
    return [input_ids, labels, attention_mask];
  }

  tokensOf({ attention_mask }: TokenRow): number {
    return attention_mask.reduce((count, document) => count + Number(document !== 0), 0);
  }

  batch(rows: readonly TokenRow[], args: BatchArguments): TextBatch {
    const { padTokenId, eosTokenIds } = this.text;
    return makeBatch(rows, { maxLength: this.#rowLength(args), padId: padTokenId ?? eosTokenIds[0] ?? 0 });
  }

  fullShape(args: BatchArguments): BatchShape {
    return { B: args.per_device_train_batch_size, T: this.#rowLength(args) };
  }

  inputs(shape: BatchShape): TextBatchInputs {
    const flat = (name: string): Value => pinned(name, [shape.B * shape.T], 'u32');
    return { ...textInputs(shape, this.text), rows: flat('label rows'), targets: flat('labels') };
  }

  write(runner: Runner, inputs: TextBatchInputs, batch: TextBatch): void {
    writeTexts(runner, inputs, batch, this.text);
    runner.write(inputs.rows, batch.rows);
    runner.write(inputs.targets, batch.targets);
  }

  loss(g: Graph, { hidden, layers, inputs, shape, block, into, smoothing }: LossParts<TextBatchInputs>): Loss {
    const { vocabSize } = this.text;
    const chunkRows = chunkRowsFor(shape.B * shape.T, vocabSize);
    const { losses } = crossEntropy(g, {
      hidden,
      project: (rows) => this.#head.logits(g, layers, rows),
      outputs: vocabSize,
      rows: inputs.rows,
      targets: inputs.targets,
      block,
      chunkRows,
      into,
      smoothing,
    });
    return { losses, chunkRows };
  }

  /** (N, V) */
  logits(g: Graph, { hidden, layers }: LogitsParts<TextBatchInputs>): Value {
    return this.#head.logits(g, layers, hidden);
  }

  metrics({ loss, labelled }: Measured) {
    return { eval_loss: loss, perplexity: Math.exp(loss), eval_tokens: labelled };
  }

  given(inputs: GivenInputs): TextBatch {
    return batchOfInputs(expectTexts(inputs), this.text);
  }

  /** (B, T, V) */
  logitsOf(data: Float32Array, inputs: GivenInputs, { T }: TextBatch): Tensor {
    return unpaddedLogits(data, expectTexts(inputs).input_ids, T, this.text.vocabSize);
  }

  #rowLength({ max_length }: BatchArguments): number {
    return Math.min(max_length, this.text.maxLength);
  }
}

export const CAUSAL_LM: TaskKind<'causal_lm'> = {
  facts: {
    name: 'causal_lm',
    autoClass: 'AutoModelForCausalLM',
    classEndings: ['ForCausalLM', 'LMHeadModel'],
    inputs: 'texts',
    labels: 'of tokens',
    hasNamedLabels: false,
    generates: true,
    trainsHead: {},
  },
  head: ({ heads }) => heads.causal_lm,
  create: (model, { tokenizer }) => new CausalLm(model, tokenizer),
};

function turnsLeftOut(count: number): string {
  return `${count} of the assistant's turns are not learnt: the chat template writes them in another way once others follow`;
}
