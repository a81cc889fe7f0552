import type { GivenInputs, Tensor } from '../../core/tensor';
import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { type Architecture, type TextSizes, textSizes } from '../../models/architecture';
import { expectLabels, type Labels } from '../../models/labels';
import { attentionSpans } from '../../ops/attention/attention_spans';
import { gatherRows } from '../../ops/rows';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { classificationLoss } from '../classification/loss';
import { predictedClasses, predictionMetricNames, predictionMetrics } from '../classification/metrics';
import { labelScores } from '../classification/scores';
import { tokenPositions } from '../positions';
import type {
  BatchArguments,
  BatchInputs,
  BatchShape,
  CollectedRows,
  CollectOptions,
  LogitsParts,
  Loss,
  LossParts,
  Measured,
  Predictor,
  RowSource,
  Task,
} from '../task';
import { type ClassifiedTexts, textsBatch } from './batches';
import { collectTexts } from './data';
import { givenRows } from './given';
import { type TextRow, unlabelledRow } from './rows';

/** N = B·T. */
interface TextInputs extends BatchInputs {
  readonly network: {
    readonly input_ids: Value;
    readonly position_ids: Value;
    readonly token_type_ids?: Value;
  };
  /** u32 (B): the flat positions that the head reads. */
  readonly rows: Value;
  /** Classes as u32 (B), or numbers (B, 1). */
  readonly targets: Value;
  /** (B): what the loss of each row is multiplied by. */
  readonly weights: Value;
}

/** Telling the class of a text, or a number: `AutoModelForSequenceClassification`. */
export class SequenceClassification implements Task<TextRow, ClassifiedTexts, TextInputs> {
  readonly metricNames: readonly string[];
  readonly predictor: Predictor<TextRow>;
  readonly #text: TextSizes;
  readonly #head: Architecture['head'];
  readonly #labels: Labels;
  readonly #tokenizer: TextTokenizer | undefined;

  /** Throws `unsupported_model` for a network that takes in something else than texts. */
  constructor(model: Pick<Architecture, 'text' | 'config' | 'head'>, tokenizer?: TextTokenizer | undefined) {
    this.#text = textSizes(model);
    this.#head = model.head;
    this.#labels = expectLabels(model.head.labels);
    this.metricNames = ['eval_loss', ...predictionMetricNames(this.#labels)];
    this.#tokenizer = tokenizer;
    this.predictor = {
      unlabelled: (example, where, args) => {
        const options = { tokenizer, text: this.#text, maxLength: this.#rowLength(args), onCut: () => {} };
        return { ...unlabelledRow(example, where, options), target: 0, weight: 1 };
      },
      scores: (logits) => labelScores(logits, this.#labels),
    };
  }

  collect(source: RowSource, { args, ...options }: CollectOptions): Promise<CollectedRows<TextRow>> {
    const maxLength = this.#rowLength(args);
    return collectTexts(
      source,
      { args, ...options },
      {
        tokenizer: this.#tokenizer,
        text: this.#text,
        labels: this.#labels,
        maxLength,
      },
    );
  }

  columns({ input_ids, attention_mask, token_type_ids, target }: TextRow) {
    return [input_ids, attention_mask, token_type_ids, new Uint8Array(Float64Array.of(target).buffer)];
  }

  exported({ input_ids, attention_mask, token_type_ids, target }: TextRow): object {
    const types = this.#text.typeVocabSize === undefined ? {} : { token_type_ids: [...token_type_ids] };
    return { input_ids: [...input_ids], attention_mask: [...attention_mask], ...types, labels: target };
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
      rows: pinned('rows of the head', [B], 'u32'),
      targets: this.#labels.problem === 'regression' ? pinned('targets', [B, 1]) : pinned('targets', [B], 'u32'),
      weights: pinned('weights of rows', [B]),
    };
  }

  write(runner: Runner, { network, spans, rows, targets, weights }: TextInputs, batch: ClassifiedTexts): void {
    const ofBatch = attentionSpans(batch.attention_mask, batch.T);
    runner.write(network.input_ids, batch.input_ids);
    runner.write(network.position_ids, this.#positions(batch, ofBatch));
    if (network.token_type_ids !== undefined) runner.write(network.token_type_ids, batch.token_type_ids);
    runner.write(spans, ofBatch);
    runner.write(rows, batch.rows);
    runner.write(weights, batch.weights);
    runner.write(targets, targets.dtype === 'u32' ? Uint32Array.from(batch.targets) : batch.targets);
  }

  loss(g: Graph, { shape, ...parts }: LossParts<TextInputs>): Loss {
    return classificationLoss(g, this.#head, { ...parts, B: shape.B });
  }

  /** (B, num_labels) */
  logits(g: Graph, { hidden, layers, inputs: { rows } }: LogitsParts<TextInputs>): Value {
    const [count = 0] = rows.shape;
    return this.#head.logits(g, layers, gatherRows(g, hidden, rows, { start: 0, count }));
  }

  metrics({ loss, labelled, outputs }: Measured<ClassifiedTexts>) {
    const { outputs: count } = this.#head;
    const isNumber = this.#labels.problem === 'regression';
    const predicted = outputs.flatMap(({ logits }) => (isNumber ? [...logits] : predictedClasses(logits, count)));
    const targets = outputs.flatMap(({ batch }) => [...batch.targets]);
    return { eval_loss: loss, ...predictionMetrics(predicted, targets, this.#labels), eval_rows: labelled };
  }

  given(inputs: GivenInputs): ClassifiedTexts {
    const rows = givenRows(inputs, this.#text, this.#labels);
    return this.#batch(rows, this.#text.maxLength, inputs.labels !== undefined);
  }

  /** (B, num_labels) */
  logitsOf(data: Float32Array, _inputs: GivenInputs, { B }: ClassifiedTexts): Tensor {
    return { dims: [B, this.#head.outputs], data };
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
    return tokenPositions(batch, counted, positions);
  }

  #batch(rows: readonly TextRow[], maxLength: number, isLabelled: boolean): ClassifiedTexts {
    return textsBatch(rows, { text: this.#text, reads: this.#head.reads, maxLength, isLabelled });
  }

  #rowLength({ max_length }: BatchArguments): number {
    return Math.min(max_length, this.#text.maxLength);
  }
}
