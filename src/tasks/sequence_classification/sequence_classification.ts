import type { Preview } from '../../core/types/preview';
import type { GivenInputs } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { type Architecture, type TextSizes, textSizes } from '../../models/architecture';
import { attentionSpans } from '../../ops/attention/attention_spans';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { expectClassifiable } from '../classification/arguments';
import { Classifier, type HeadInputs } from '../classification/classifier';
import { targetColumn } from '../classification/targets';
import { expectTexts } from '../given';
import { positionIds } from '../positions';
import type {
  BatchArguments,
  BatchInputs,
  BatchShape,
  CollectedRows,
  CollectOptions,
  Predictor,
  PreviewArguments,
  RowSource,
  Task,
} from '../task';
import { type ClassifiedTexts, textsBatch } from './batches';
import { collectTexts } from './data';
import { exportedText } from './exported_text';
import { givenRows } from './given';
import { previewOfText } from './preview';
import { type TextRow, textRow, unlabelledRow } from './rows';

/** N = B·T. */
interface TextInputs extends BatchInputs, HeadInputs {
  readonly network: {
    readonly input_ids: Value;
    readonly position_ids: Value;
    readonly token_type_ids?: Value;
  };
}

/** Telling labels of a text, or numbers: `AutoModelForSequenceClassification`. */
export class SequenceClassification
  extends Classifier<ClassifiedTexts, TextInputs>
  implements Task<TextRow, ClassifiedTexts, TextInputs>
{
  readonly predictor: Predictor<TextRow>;
  readonly #text: TextSizes;
  readonly #tokenizer: TextTokenizer | undefined;

  /** Throws `unsupported_model` for a network that takes in something else than texts. */
  constructor(model: Pick<Architecture, 'text' | 'config' | 'head'>, tokenizer?: TextTokenizer | undefined) {
    super(model.head);
    this.#text = textSizes(model);
    this.#tokenizer = tokenizer;
    this.predictor = this.predictorOf((example, where, { args }) => {
      const options = { tokenizer, text: this.#text, maxLength: this.#rowLength(args), onCut: () => {} };
      return unlabelledRow(example, where, options);
    });
  }

  collect(source: RowSource, options: CollectOptions): Promise<CollectedRows<TextRow>> {
    const maxLength = this.#rowLength(options.args);
    return collectTexts(source, options, {
      tokenizer: this.#tokenizer,
      text: this.#text,
      labels: this.labels,
      maxLength,
    });
  }

  async preview(example: SentExample, where: string, { args }: PreviewArguments): Promise<Preview> {
    expectClassifiable(args, this.labels);
    const [tokenizer, text, labels] = [this.#tokenizer, this.#text, this.labels];
    return previewOfText(example, where, { tokenizer, text, labels, maxLength: this.#rowLength(args) });
  }

  async kept(example: SentExample, where: string): Promise<SentExample> {
    const [tokenizer, text, labels] = [this.#tokenizer, this.#text, this.labels];
    textRow(example, where, { tokenizer, text, labels, maxLength: text.maxLength, onCut: () => {} });
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

  inputs({ B, T }: BatchShape): TextInputs {
    const flat = (name: string): Value => pinned(name, [B * T], 'u32');
    const types = this.#text.typeVocabSize === undefined ? {} : { token_type_ids: flat('token types') };
    return {
      network: { input_ids: flat('input_ids'), position_ids: flat('positions'), ...types },
      spans: pinned('spans', [B, T, 2], 'u32'),
      ...this.headInputs(B),
    };
  }

  write(runner: Runner, { network, spans, ...head }: TextInputs, batch: ClassifiedTexts): void {
    const ofBatch = attentionSpans(batch.attention_mask, batch.T);
    runner.write(network.input_ids, batch.input_ids);
    runner.write(network.position_ids, this.#positions(batch, ofBatch));
    if (network.token_type_ids !== undefined) runner.write(network.token_type_ids, batch.token_type_ids);
    runner.write(spans, ofBatch);
    this.writeHead(runner, head, batch);
  }

  given(inputs: GivenInputs): ClassifiedTexts {
    const rows = givenRows(expectTexts(inputs), this.#text, this.labels);
    return this.#batch(rows, this.#text.maxLength, inputs.labels !== undefined);
  }

  #positions(batch: ClassifiedTexts, spans: Uint32Array): Uint32Array<ArrayBuffer> {
    const { positions, padTokenId } = this.#text;
    const counted =
      positions === 'ids'
        ? attentionSpans(
            batch.input_ids.map((id) => Number(id !== padTokenId)),
            batch.T,
          )
        : spans;
    return positionIds(batch, counted, this.#text);
  }

  #batch(rows: readonly TextRow[], maxLength: number, isLabelled: boolean): ClassifiedTexts {
    return textsBatch(rows, { text: this.#text, reads: this.head.reads, maxLength, isLabelled });
  }

  #rowLength({ max_length }: BatchArguments): number {
    return Math.min(max_length, this.#text.maxLength);
  }
}
