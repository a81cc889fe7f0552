import type { Preview } from '../../core/types/preview';
import type { GivenInputs } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { Runner } from '../../graph/runner';
import { type TextSizes, textSizes } from '../../models/architecture';
import { addedPooling, pooledHead } from '../../models/pooled_head';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { Classifier, type HeadInputs } from '../classification/classifier';
import { expectClassifiable } from '../classification/classifier_arguments';
import { targetColumn } from '../classification/row_targets';
import { expectTexts } from '../given_inputs';
import { weightsInput } from '../pooling/pooled';
import { pooledLength } from '../pooling/pooled_length';
import { poolingWeights } from '../pooling/pooling_weights';
import type { Task } from '../task/task';
import type { BatchArguments, BatchShape } from '../task/task_batches';
import type { CollectedRows, CollectOptions, PreviewArguments, RowSource } from '../task/task_data';
import type { TaskKind, TaskModel } from '../task/task_kind';
import type { Predictor } from '../task/task_prediction';
import { type TextInputs, textInputs, writeTexts } from '../texts/text_inputs';
import { type ClassifiedTexts, exportedText, textsBatch } from './classified_texts';
import { collectTexts } from './collect_texts';
import { previewOfText } from './text_preview';
import { givenRows, type TextRow, type TextRowOptions, textRow, unlabelledRow } from './text_row';

type ClassifiedInputs = TextInputs & HeadInputs;

/** Predicts labels or numbers for texts, as `AutoModelForSequenceClassification` does. */
export class SequenceClassification
  extends Classifier<ClassifiedTexts, ClassifiedInputs, TextRow>
  implements Task<TextRow, ClassifiedTexts, ClassifiedInputs>
{
  readonly predictor: Predictor<TextRow>;
  readonly #text: TextSizes;
  /** The largest number of tokens per text, by the model and the head's pooling settings. */
  readonly #longest: number;
  readonly #tokenizer: TextTokenizer | undefined;

  /** Throws `unsupported_model` for a network that doesn't read texts. */
  constructor(model: Omit<TaskModel, 'image'>, tokenizer?: TextTokenizer | undefined) {
    super(model.head);
    this.#text = textSizes(model);
    this.#tokenizer = tokenizer;
    const pooling = addedPooling(model.head);
    this.#longest = pooling
      ? pooledLength(pooling.max_seq_length, { text: this.#text, tokenizer })
      : this.#text.maxLength;
    this.predictor = this.predictorOf((example, where, { args }) =>
      unlabelledRow(example, where, this.#reading(this.#rowLength(args))),
    );
  }

  collect(source: RowSource, options: CollectOptions): Promise<CollectedRows<TextRow>> {
    return collectTexts(source, options, this.#reading(this.#rowLength(options.args)));
  }

  async preview(example: SentExample, where: string, { args }: PreviewArguments): Promise<Preview> {
    expectClassifiable(args, this.labels);
    return previewOfText(example, where, this.#reading(this.#rowLength(args)));
  }

  async kept(example: SentExample, where: string): Promise<SentExample> {
    textRow(example, where, this.#reading(this.#text.maxLength));
    return example;
  }

  columns(row: TextRow) {
    return [row.input_ids, row.attention_mask, row.token_type_ids, targetColumn(row)];
  }

  exported(row: TextRow): object {
    return exportedText(row, { text: this.#text, reads: this.head.reads, labels: this.labels });
  }

  tokensOf({ attention_mask }: TextRow): number {
    return attention_mask.reduce((count, bit) => count + bit, 0);
  }

  batch(rows: readonly TextRow[], args: BatchArguments): ClassifiedTexts {
    return this.#batch(rows, this.#rowLength(args), true);
  }

  fullShape(args: BatchArguments): BatchShape {
    return { B: args.per_device_train_batch_size, T: this.#rowLength(args) };
  }

  inputs(shape: BatchShape): ClassifiedInputs {
    const { pooling } = this.head;
    const ofTexts = { ...textInputs(shape, this.#text), ...this.headInputs(shape.B) };
    return pooling === undefined ? ofTexts : { ...ofTexts, pooling: weightsInput(shape, pooling) };
  }

  write(runner: Runner, inputs: ClassifiedInputs, batch: ClassifiedTexts): void {
    writeTexts(runner, inputs, batch, this.#text);
    this.writeHead(runner, inputs, batch);
    const { pooling } = this.head;
    if (pooling && inputs.pooling) runner.write(inputs.pooling, poolingWeights(batch, pooling.modes));
  }

  given(inputs: GivenInputs): ClassifiedTexts {
    const rows = givenRows(expectTexts(inputs), this.#text, this.labels);
    return this.#batch(rows, this.#text.maxLength, inputs.labels !== undefined);
  }

  #batch(rows: readonly TextRow[], maxLength: number, isLabelled: boolean): ClassifiedTexts {
    return textsBatch(rows, { text: this.#text, reads: this.head.reads, maxLength, isLabelled });
  }

  /** Returns the options for reading texts as rows of at most `maxLength` tokens. */
  #reading(maxLength: number): TextRowOptions {
    const { labels, head } = this;
    return { tokenizer: this.#tokenizer, text: this.#text, labels, writing: head.pooling, maxLength };
  }

  #rowLength({ max_length }: BatchArguments): number {
    return Math.min(max_length, this.#longest);
  }
}

export const SEQUENCE_CLASSIFICATION: TaskKind<'sequence_classification'> = {
  facts: {
    name: 'sequence_classification',
    autoClass: 'AutoModelForSequenceClassification',
    classEndings: ['ForSequenceClassification'],
    inputs: 'texts',
    labels: 'of rows',
    hasNamedLabels: true,
    generates: false,
    trainsHead: { task_type: 'SEQ_CLS' },
  },
  readsVectors: true,
  head: (network, { pooling } = {}) =>
    pooling && network.text ? pooledHead(network, pooling) : network.heads.sequence_classification,
  create: (model, { tokenizer }) => new SequenceClassification(model, tokenizer),
};
