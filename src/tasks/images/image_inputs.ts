import { numel } from '../../core/numbers/shape';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { type ImageSizes, placedTokens } from '../../models/architecture';
import { attentionSpans } from '../../ops/attention/attention_spans';
import type { BatchInputs, BatchShape } from '../task/task_batches';

/**
 * The inputs of a network that reads images. Each image has T tokens: registers, a token for the whole image if there is one, and P
 * patches.
 */
export interface ImageInputs extends BatchInputs {
  readonly network: {
    readonly pixel_values: Value;
    readonly position_ids: Value;
  };
}

/** A batch of images for the device. */
interface ImageArrays extends BatchShape {
  /** (B·P, C·p·p): one row for each patch of p × p pixels. */
  readonly pixel_values: Float32Array<ArrayBuffer>;
}

export function imageInputs({ B, T }: BatchShape, image: ImageSizes): ImageInputs {
  const { patches, patch, channels } = image;
  return {
    network: {
      pixel_values: pinned('pixel_values', [B * patches, channels * patch ** 2]),
      position_ids: pinned('positions', [B * placedTokens(image)], 'u32'),
    },
    spans: pinned('spans', [B, T, 2], 'u32'),
  };
}

export function writeImages(runner: Runner, { network, spans }: ImageInputs, batch: ImageArrays): void {
  const ofBatch = attentionSpans(new Uint8Array(batch.B * batch.T).fill(1), batch.T);
  runner.write(network.pixel_values, batch.pixel_values);
  const { shape } = network.position_ids;
  // Registers have no positions.
  const positions = numel(shape) / batch.B;
  runner.write(
    network.position_ids,
    Uint32Array.from({ length: numel(shape) }, (_, n) => n % positions),
  );
  runner.write(spans, ofBatch);
}
