import type { GivenInputs } from '../../core/tensor';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { type Architecture, type ImageSizes, imageSizes } from '../../models/architecture';
import { attentionSpans } from '../../ops/attention/attention_spans';
import { type ClassifiedBatch, Classifier, type HeadInputs, targetColumn } from '../classification/classifier';
import { collectClassified } from '../classification/data';
import { labelScores } from '../classification/scores';
import { expectImages } from '../given';
import { tokenPositions } from '../positions';
import type {
  BatchArguments,
  BatchInputs,
  BatchShape,
  CollectedRows,
  CollectOptions,
  Predictor,
  RowSource,
  Task,
} from '../task';
import { patchRows } from './patches';
import { givenImages, type ImageRow, imageRow, pixelsOf } from './rows';

/** Pixels that are kept in memory for later epochs, at four bytes for each channel. */
const MAX_NUMBERS = 2 ** 28;

/** Images on the way to the device. T = P + 1: a token for each patch, and one before them. */
interface ClassifiedImages extends ClassifiedBatch {
  /** (B·P, C·p·p) */
  readonly pixel_values: Float32Array<ArrayBuffer>;
}

interface ImageInputs extends BatchInputs, HeadInputs {
  readonly network: {
    readonly pixel_values: Value;
    readonly position_ids: Value;
  };
}

/** Telling the class of an image, or a number: `AutoModelForImageClassification`. */
export class ImageClassification
  extends Classifier<ClassifiedImages, ImageInputs>
  implements Task<ImageRow, ClassifiedImages, ImageInputs>
{
  readonly predictor: Predictor<ImageRow>;
  readonly #image: ImageSizes;

  /** Throws `unsupported_model` for a network that takes in something else than images. */
  constructor(model: Pick<Architecture, 'image' | 'config' | 'head'>) {
    super(model.head);
    this.#image = imageSizes(model);
    this.predictor = {
      unlabelled: (example, where) => ({ pixel_values: pixelsOf(example, where, this.#image), target: 0, weight: 1 }),
      scores: (logits) => labelScores(logits, this.labels),
    };
  }

  collect(source: RowSource, options: CollectOptions): Promise<CollectedRows<ImageRow>> {
    const { labels } = this;
    return collectClassified<ImageRow>(source, options, {
      labels,
      form: '{ pixel_values: { dims: [channels, height, width], data }, label }',
      size: { unit: 'numbers in pixels', most: MAX_NUMBERS, of: ({ pixel_values }) => pixel_values.length },
      row: (example, where) => imageRow(example, where, { image: this.#image, labels }),
    });
  }

  columns(row: ImageRow) {
    const { buffer, byteOffset, byteLength } = row.pixel_values;
    return [new Uint8Array(buffer, byteOffset, byteLength), targetColumn(row)];
  }

  /** Pixels as (C, H, W). */
  exported({ pixel_values, target }: ImageRow): object {
    const { channels, size } = this.#image;
    const line = (start: number): number[] => [...pixel_values.subarray(start, start + size)];
    const rows = (channel: number): number[][] =>
      Array.from({ length: size }, (_, y) => line((channel * size + y) * size));
    return { pixel_values: Array.from({ length: channels }, (_, channel) => rows(channel)), labels: target };
  }

  tokensOf(): number {
    return this.#image.patches + 1;
  }

  batch(rows: readonly ImageRow[]): ClassifiedImages {
    return this.#batch(rows, true);
  }

  fullShape(args: BatchArguments): BatchShape {
    return { B: args.per_device_train_batch_size, T: this.#image.patches + 1 };
  }

  inputs({ B, T }: BatchShape): ImageInputs {
    const { patches, patch, channels } = this.#image;
    return {
      network: {
        pixel_values: pinned('pixel_values', [B * patches, channels * patch ** 2]),
        position_ids: pinned('positions', [B * T], 'u32'),
      },
      spans: pinned('spans', [B, T, 2], 'u32'),
      ...this.headInputs(B),
    };
  }

  write(runner: Runner, { network, spans, ...head }: ImageInputs, batch: ClassifiedImages): void {
    const { B, T } = batch;
    const ofBatch = attentionSpans(new Uint8Array(B * T).fill(1), T);
    runner.write(network.pixel_values, batch.pixel_values);
    runner.write(network.position_ids, tokenPositions(batch, ofBatch, 'row'));
    runner.write(spans, ofBatch);
    this.writeHead(runner, head, batch);
  }

  given(inputs: GivenInputs): ClassifiedImages {
    const rows = givenImages(expectImages(inputs), { image: this.#image, labels: this.labels });
    return this.#batch(rows, inputs.labels !== undefined);
  }

  #batch(rows: readonly ImageRow[], isLabelled: boolean): ClassifiedImages {
    const [B, T] = [rows.length, this.#image.patches + 1];
    const images = rows.map(({ pixel_values }) => pixel_values);
    return {
      B,
      T,
      labelled: isLabelled ? B : 0,
      pixel_values: patchRows(images, this.#image),
      rows: Uint32Array.from({ length: B }, (_, row) => row * T),
      targets: Float32Array.from(rows, ({ target }) => target),
      weights: Float32Array.from(rows, ({ weight }) => weight),
    };
  }
}
