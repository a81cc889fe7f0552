import type { Preview } from '../../core/types/preview';
import type { GivenInputs } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { Graph } from '../../graph/graph';
import { expectLabels, type Labels } from '../../models/labels';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { expectClassifiable } from '../classification/classifier_arguments';
import { predictedClasses, predictionMetricNames, predictionMetrics } from '../classification/prediction_metrics';
import { expectTexts } from '../given_inputs';
import type { Task } from '../task/task';
import type { BatchArguments } from '../task/task_batches';
import type { CollectedRows, CollectOptions, PreviewArguments, RowSource } from '../task/task_data';
import type { TaskKind, TaskModel } from '../task/task_kind';
import type { Loss, LossParts } from '../task/task_loss';
import type { Measured, Metrics, Predicted } from '../task/task_metrics';
import { type TokenInputs, TokenTask } from '../texts/token_task';
import { taggedCode } from './late_tagged';
import {
  givenRows,
  previewOfTags,
  type TaggedBatch,
  type TaggedRow,
  type TaggedRowOptions,
  taggedBatch,
  taggedRow,
} from './tagged_row';
import { tokenHead } from './token_head';

/** Predicts a label for each token, as `AutoModelForTokenClassification` does. */
export class TokenClassification extends TokenTask<TaggedBatch> implements Task<TaggedRow, TaggedBatch, TokenInputs> {
  readonly metricNames: readonly string[];
  readonly lowerIsBetter = ['eval_loss'];
  readonly #labels: Labels;

  /** Throws `unsupported_model` for a network that doesn't read texts. */
  constructor(model: Omit<TaskModel, 'image'>, tokenizer?: TextTokenizer | undefined) {
    super(model, tokenizer);
    // As in transformers, each token has exactly one label, and `problem_type` in config.json is ignored.
    this.#labels = { ...expectLabels(model.head.labels), problem: 'single_label_classification' };
    this.metricNames = ['eval_loss', ...predictionMetricNames(this.#labels)];
  }

  async collect(source: RowSource, options: CollectOptions): Promise<CollectedRows<TaggedRow>> {
    const { collectTagged } = await taggedCode();
    return collectTagged(source, options, this.#options(this.rowLength(options.args)));
  }

  async preview(example: SentExample, where: string, { args }: PreviewArguments): Promise<Preview> {
    expectClassifiable(args, this.#labels);
    return previewOfTags(example, where, this.#options(this.rowLength(args)));
  }

  async kept(example: SentExample, where: string): Promise<SentExample> {
    taggedRow(example, where, this.#options(this.text.maxLength));
    return example;
  }

  columns({ input_ids, attention_mask, token_type_ids, labels }: TaggedRow) {
    return [input_ids, attention_mask, token_type_ids, labels];
  }

  batch(rows: readonly TaggedRow[], args: BatchArguments): TaggedBatch {
    return taggedBatch(rows, this.rowLength(args), this.text);
  }

  loss(g: Graph, parts: LossParts<TokenInputs>): Loss {
    const chunkRows = parts.shape.B * parts.shape.T;
    const { losses, logits } = this.crossEntropy(g, parts, { chunkRows });
    const [all] = logits;
    return { losses, chunkRows, ...(all && { logits: all }) };
  }

  predictions({ labelled, targets }: TaggedBatch, logits: Float32Array): Predicted {
    const { outputs } = this.head;
    return {
      predicted: predictedClasses(logits.subarray(0, labelled * outputs), outputs),
      targets: [...targets.subarray(0, labelled)],
    };
  }

  metrics({ loss, labelled, predicted, targets }: Measured): Metrics {
    return { eval_loss: loss, ...predictionMetrics(predicted, targets, this.#labels), eval_tokens: labelled };
  }

  given(inputs: GivenInputs): TaggedBatch {
    return taggedBatch(givenRows(expectTexts(inputs), this.text, this.#labels), this.text.maxLength, this.text);
  }

  #options(maxLength: number): TaggedRowOptions {
    return { tokenizer: this.tokenizer, text: this.text, labels: this.#labels, maxLength };
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
  lateCode: [taggedCode],
  head: tokenHead,
  create: (model, { tokenizer }) => new TokenClassification(model, tokenizer),
};
