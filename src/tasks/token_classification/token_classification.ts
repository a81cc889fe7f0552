import type { Preview } from '../../core/types/preview';
import type { GivenInputs, Tensor } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { type Head, type TextSizes, textSizes } from '../../models/architecture';
import { expectLabels, type Labels } from '../../models/labels';
import { crossEntropy } from '../../ops/losses/cross_entropy';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { expectClassifiable } from '../classification/classifier_arguments';
import { predictedClasses, predictionMetricNames, predictionMetrics } from '../classification/prediction_metrics';
import { expectTexts } from '../given_inputs';
import type { Task } from '../task/task';
import type { BatchArguments, BatchShape } from '../task/task_batches';
import type { CollectedRows, CollectOptions, PreviewArguments, RowSource } from '../task/task_data';
import type { TaskKind, TaskModel } from '../task/task_kind';
import type { LogitsParts, Loss, LossParts } from '../task/task_loss';
import type { Measured, Metrics } from '../task/task_metrics';
import { type TextInputs, textInputs, writeTexts } from '../texts/text_inputs';
import { unpaddedLogits } from '../texts/unpadded_logits';
import { collectTagged } from './collect_tagged';
import { type TaggedBatch, taggedBatch } from './tagged_batch';
import { givenRows, previewOfTags, type TaggedRow, type TaggedRowOptions, taggedRow } from './tagged_row';
import { tokenHead } from './token_head';

/** N = B·T. */
interface TaggedInputs extends TextInputs {
  /** u32 (N): the flat positions that have a label, then zeros. */
  readonly rows: Value;
  /** u32 (N): the number of each label. */
  readonly targets: Value;
}

/** Predicting a label for each token: `AutoModelForTokenClassification`. */
export class TokenClassification implements Task<TaggedRow, TaggedBatch, TaggedInputs> {
  readonly metricNames: readonly string[];
  readonly lowerIsBetter = ['eval_loss'];
  readonly #text: TextSizes;
  readonly #head: Head;
  readonly #labels: Labels;
  readonly #tokenizer: TextTokenizer | undefined;

  /** Throws `unsupported_model` for a network that takes in something else than texts. */
  constructor(model: Omit<TaskModel, 'image'>, tokenizer?: TextTokenizer | undefined) {
    this.#text = textSizes(model);
    this.#head = model.head;
    // As in transformers, a token has one label of several, whatever config.json says of the problem.
    this.#labels = { ...expectLabels(model.head.labels), problem: 'single_label_classification' };
    this.#tokenizer = tokenizer;
    this.metricNames = ['eval_loss', ...predictionMetricNames(this.#labels)];
  }

  collect(source: RowSource, options: CollectOptions): Promise<CollectedRows<TaggedRow>> {
    return collectTagged(source, options, this.#options(this.#rowLength(options.args)));
  }

  async preview(example: SentExample, where: string, { args }: PreviewArguments): Promise<Preview> {
    expectClassifiable(args, this.#labels);
    return previewOfTags(example, where, this.#options(this.#rowLength(args)));
  }

  async kept(example: SentExample, where: string): Promise<SentExample> {
    taggedRow(example, where, this.#options(this.#text.maxLength));
    return example;
  }

  columns({ input_ids, attention_mask, token_type_ids, labels }: TaggedRow) {
    return [input_ids, attention_mask, token_type_ids, labels];
  }

  tokensOf({ attention_mask }: TaggedRow): number {
    return attention_mask.reduce((count, bit) => count + bit, 0);
  }

  batch(rows: readonly TaggedRow[], args: BatchArguments): TaggedBatch {
    return taggedBatch(rows, this.#rowLength(args), this.#text);
  }

  fullShape(args: BatchArguments): BatchShape {
    return { B: args.per_device_train_batch_size, T: this.#rowLength(args) };
  }

  inputs(shape: BatchShape): TaggedInputs {
    const flat = (name: string): Value => pinned(name, [shape.B * shape.T], 'u32');
    return { ...textInputs(shape, this.#text), rows: flat('label rows'), targets: flat('labels') };
  }

  write(runner: Runner, inputs: TaggedInputs, batch: TaggedBatch): void {
    writeTexts(runner, inputs, batch, this.#text);
    runner.write(inputs.rows, batch.rows);
    runner.write(inputs.targets, batch.targets);
  }

  loss(g: Graph, { hidden, layers, inputs, shape, block, into, smoothing }: LossParts<TaggedInputs>): Loss {
    const chunkRows = shape.B * shape.T;
    const { losses, logits } = crossEntropy(g, {
      hidden,
      project: (rows) => this.#head.logits(g, layers, rows),
      outputs: this.#head.outputs,
      rows: inputs.rows,
      targets: inputs.targets,
      block,
      chunkRows,
      into,
      smoothing,
    });
    const [all] = logits;
    return { losses, chunkRows, ...(all && { logits: all }) };
  }

  metrics({ loss, labelled, outputs }: Measured<TaggedBatch>): Metrics {
    const { outputs: count } = this.#head;
    const predicted = outputs.flatMap(({ batch, logits }) =>
      predictedClasses(logits.subarray(0, batch.labelled * count), count),
    );
    const targets = outputs.flatMap(({ batch }) => [...batch.targets.subarray(0, batch.labelled)]);
    return { eval_loss: loss, ...predictionMetrics(predicted, targets, this.#labels), eval_tokens: labelled };
  }

  /** (N, num_labels) */
  logits(g: Graph, { hidden, layers }: LogitsParts<TaggedInputs>): Value {
    return this.#head.logits(g, layers, hidden);
  }

  given(inputs: GivenInputs): TaggedBatch {
    return taggedBatch(givenRows(expectTexts(inputs), this.#text, this.#labels), this.#text.maxLength, this.#text);
  }

  /** (B, T, num_labels) */
  logitsOf(data: Float32Array, inputs: GivenInputs, { T }: TaggedBatch): Tensor {
    return unpaddedLogits(data, expectTexts(inputs).input_ids, T, this.#head.outputs);
  }

  #options(maxLength: number): TaggedRowOptions {
    return { tokenizer: this.#tokenizer, text: this.#text, labels: this.#labels, maxLength };
  }

  #rowLength({ max_length }: BatchArguments): number {
    return Math.min(max_length, this.#text.maxLength);
  }
}

export const TOKEN_CLASSIFICATION: TaskKind<'token_classification'> = {
  facts: {
    name: 'token_classification',
    autoClass: 'AutoModelForTokenClassification',
    classEndings: ['ForTokenClassification'],
    inputs: 'texts',
    labels: 'of tokens',
    hasNamedLabels: true,
    generates: false,
    trainsHead: { task_type: 'TOKEN_CLS' },
  },
  head: tokenHead,
  create: (model, { tokenizer }) => new TokenClassification(model, tokenizer),
};
