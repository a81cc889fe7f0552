import type { Pooling } from '../../core/pooling/pooling';
import type { SentExample } from '../../core/types/training';
import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { LoadedProcessor } from '../../images/image_processor';
import { type Architecture, type ImageSizes, imageTokens } from '../../models/architecture';
import { attention } from '../../ops/attention/attention';
import { type ImageInputs, imageInputs, writeImages } from '../images/image_inputs';
import { patchRows } from '../images/patches';
import { expectPixels, type Pixels, pixelNumbers, pixelsOf } from '../images/pixels';
import type { Embedder, EmbedRowOptions } from '../task/embedder';
import type { Batch, BatchArguments, BatchShape } from '../task/task_batches';
import type { LogitsParts } from '../task/task_loss';
import { withoutRegisters } from './image_pooling';
import { type PooledInputs, pooled, weightsInput } from './pooled';
import { poolingWeights } from './pooling_weights';

interface EmbeddedImages extends Batch {
  /** (B·P, C·p·p): one row for each patch of p × p pixels. */
  readonly pixel_values: Float32Array<ArrayBuffer>;
}

type EmbeddedImageInputs = ImageInputs & PooledInputs;

interface ImageEmbedderInit {
  readonly image: ImageSizes;
  readonly processor: LoadedProcessor;
  readonly pooling: Pooling;
  /** `imageVectors` of `Network`. Left out if the network's hidden states are pooled. */
  readonly imageVectors?: Architecture['imageVectors'];
}

/** Makes vectors of images from the hidden states of their patches and of the token before them. Registers don't count. */
export class ImageEmbedder implements Embedder<Pixels, EmbeddedImages, EmbeddedImageInputs> {
  readonly maxLength: number;
  readonly #init: ImageEmbedderInit;

  constructor(init: ImageEmbedderInit) {
    this.#init = init;
    this.maxLength = imageTokens(init.image);
  }

  check(example: SentExample, where: string): void {
    expectPixels(example, where, this.#init);
  }

  row(example: SentExample, where: string, { signal }: EmbedRowOptions): Promise<Pixels> {
    const { image, processor } = this.#init;
    return pixelsOf(example, where, { image, processor, signal });
  }

  tokensOf(): number {
    return this.maxLength;
  }

  batch(rows: readonly Pixels[]): EmbeddedImages {
    const { image, processor } = this.#init;
    const images = rows.map((pixels) => pixelNumbers(pixels, image, processor));
    return { B: rows.length, T: this.maxLength, labelled: 0, pixel_values: patchRows(images, image) };
  }

  fullShape({ per_device_train_batch_size: B }: BatchArguments): BatchShape {
    return { B, T: this.maxLength };
  }

  inputs(shape: BatchShape): EmbeddedImageInputs {
    const { image, pooling } = this.#init;
    return { ...imageInputs(shape, image), pooling: weightsInput(shape, pooling) };
  }

  write(runner: Runner, inputs: EmbeddedImageInputs, batch: EmbeddedImages): void {
    const { image, pooling } = this.#init;
    writeImages(runner, inputs, batch);
    runner.write(inputs.pooling, poolingWeights(withoutRegisters(batch, image), pooling.modes));
  }

  logits(g: Graph, { hidden, layers, inputs }: LogitsParts<EmbeddedImageInputs>): Value {
    const { spans } = inputs;
    const [B = 0, T = 0] = spans.shape;
    const vectors = this.#init.imageVectors?.(g, layers, hidden, (_layer, q, k, v, heads) =>
      attention(g, { q, k, v, spans, B, T, ...heads }),
    );
    return pooled(g, { hidden: vectors ?? hidden, layers, inputs }, this.#init.pooling);
  }
}
