import { bytesOf } from '../../core/input/bytes';
import type { ImagePreview } from '../../core/types/preview';
import type { GivenInputs } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { Runner } from '../../graph/runner';
import type { LoadedProcessor } from '../../images/image_processor';
import { type ImageSizes, imageSizes, imageTokens } from '../../models/architecture';
import { type ClassifiedBatch, Classifier, type HeadInputs } from '../classification/classifier';
import { expectClassifiable } from '../classification/classifier_arguments';
import { collectClassified } from '../classification/collect_classified';
import { targetColumn, targetsOfBatch } from '../classification/row_targets';
import { expectImages } from '../given_inputs';
import { type ImageInputs, imageInputs, writeImages } from '../images/image_inputs';
import { patchRows } from '../images/patches';
import { expectPixels, expectProcessor, pixelNumbers, pixelsOf } from '../images/pixels';
import { imagePooling, imageWeights } from '../pooling/image_pooling';
import { weightsInput } from '../pooling/pooled';
import type { Task } from '../task/task';
import type { BatchArguments, BatchShape } from '../task/task_batches';
import type { CollectedRows, CollectOptions, PreviewArguments, RowSource } from '../task/task_data';
import type { TaskKind, TaskModel } from '../task/task_kind';
import type { Predictor } from '../task/task_prediction';
import { exportedImage } from './exported_image';
import { previewOfImage } from './image_preview';
import { givenImages, type ImageRow, type ImageRowOptions, imageRow, keptExample } from './image_row';
import { movedImages } from './moved_images';

/** The largest size in bytes of a data set's pixels, which stay in memory for later epochs. */
const MAX_BYTES = 2 ** 30;

/** A batch of images for the device. Each image has T tokens, of which the last P are its patches. */
interface ClassifiedImages extends ClassifiedBatch {
  /** (B·P, C·p·p): one row for each patch of p × p pixels. */
  readonly pixel_values: Float32Array<ArrayBuffer>;
}

type ClassifiedImageInputs = ImageInputs & HeadInputs;

/** Predicts labels or numbers for images, as `AutoModelForImageClassification` does. */
export class ImageClassification
  extends Classifier<ClassifiedImages, ClassifiedImageInputs, ImageRow>
  implements Task<ImageRow, ClassifiedImages, ClassifiedImageInputs>
{
  readonly predictor: Predictor<ImageRow>;
  readonly #image: ImageSizes;
  readonly #processor: LoadedProcessor;

  /** Throws `unsupported_model` for a network that doesn't read images. */
  constructor(model: Omit<TaskModel, 'text'>, processor?: LoadedProcessor) {
    const image = imageSizes(model);
    super(model.head, movedImages(image));
    this.#image = image;
    this.#processor = processor;
    this.predictor = this.predictorOf(
      async (example, where, { signal }) => ({ pixels: await pixelsOf(example, where, this.#options(signal)) }),
      (example, where) => expectPixels(example, where, { image, processor }),
    );
  }

  collect(source: RowSource, options: CollectOptions): Promise<CollectedRows<ImageRow>> {
    const rowOptions = this.#options(options.signal);
    return collectClassified<ImageRow>(source, options, {
      labels: this.labels,
      form: '{ image, label } or { pixel_values: { dims: [channels, height, width], data }, label }',
      size: { unit: 'bytes of pixels', most: MAX_BYTES, of: ({ pixels }) => pixels.byteLength },
      row: (example, where) => imageRow(example, where, rowOptions),
    });
  }

  async preview(example: SentExample, where: string, { args, signal }: PreviewArguments): Promise<ImagePreview> {
    expectClassifiable(args, this.labels);
    return previewOfImage(example, where, this.#options(signal));
  }

  kept(example: SentExample, where: string, signal: AbortSignal): Promise<SentExample> {
    return keptExample(example, where, this.#options(signal));
  }

  /**
   * Returns a row's arrays for the run's fingerprint. For pixels as bytes, these include the pixel scaling, which also decides what the
   * model reads.
   */
  columns(row: ImageRow) {
    const { pixels } = row;
    const scaling = pixels instanceof Uint8Array ? [bytesOf(expectProcessor(this.#processor).scaling)] : [];
    return [bytesOf(pixels), ...scaling, targetColumn(row)];
  }

  exported(row: ImageRow): object {
    return exportedImage(row, { image: this.#image, labels: this.labels });
  }

  tokensOf(): number {
    return imageTokens(this.#image);
  }

  batch(rows: readonly ImageRow[]): ClassifiedImages {
    return this.#batch(rows, true);
  }

  fullShape(args: BatchArguments): BatchShape {
    return { B: args.per_device_train_batch_size, T: imageTokens(this.#image) };
  }

  inputs(shape: BatchShape): ClassifiedImageInputs {
    const ofImages = { ...imageInputs(shape, this.#image), ...this.headInputs(shape.B) };
    const pooling = imagePooling(this.head);
    return pooling ? { ...ofImages, pooling: weightsInput(shape, pooling) } : ofImages;
  }

  write(runner: Runner, inputs: ClassifiedImageInputs, batch: ClassifiedImages): void {
    writeImages(runner, inputs, batch);
    this.writeHead(runner, inputs, batch);
    const pooling = imagePooling(this.head);
    if (pooling && inputs.pooling) runner.write(inputs.pooling, imageWeights(batch, this.#image, pooling));
  }

  given(inputs: GivenInputs): ClassifiedImages {
    const rows = givenImages(expectImages(inputs), { image: this.#image, labels: this.labels });
    return this.#batch(rows, inputs.labels !== undefined);
  }

  #options(signal: AbortSignal): ImageRowOptions {
    return { image: this.#image, labels: this.labels, processor: this.#processor, signal };
  }

  #batch(rows: readonly ImageRow[], isLabelled: boolean): ClassifiedImages {
    const [B, T] = [rows.length, imageTokens(this.#image)];
    const isPooled = imagePooling(this.head) !== undefined;
    return {
      B,
      T,
      ...targetsOfBatch(rows, isLabelled),
      pixel_values: patchRows(
        rows.map(({ pixels }) => pixelNumbers(pixels, this.#image, this.#processor)),
        this.#image,
      ),
      rows: Uint32Array.from({ length: B }, (_, row) => (isPooled ? row : row * T)),
    };
  }
}

export const IMAGE_CLASSIFICATION: TaskKind<'image_classification'> = {
  facts: {
    name: 'image_classification',
    autoClass: 'AutoModelForImageClassification',
    classEndings: ['ForImageClassification'],
    inputs: 'images',
    labels: 'of rows',
    hasNamedLabels: true,
    generates: false,
    trainsHead: { modules_to_save: ['classifier'] },
  },
  head: ({ heads }) => heads.image_classification,
  create: (model, { imageProcessor }) => new ImageClassification(model, imageProcessor),
};
