import { isShownImage } from '../../core/input/shown_image';
import { exampleFields } from '../../core/types/example';
import { type ImageInput, looksLikeImage } from '../../core/types/image';
import type { LabelScore, PredictInput, PredictOptions } from '../../core/types/prediction';
import type { SentExample } from '../../core/types/training';
import type { PredictRequest } from '../../worker/protocol';
import { abortSignal, anyString, checkOptions, defined, integer, type Rules, wrong } from '../session/options';

export type { LabelScore, PredictInput, PredictOptions };

const rules: Rules<PredictOptions> = {
  per_device_eval_batch_size: integer(1),
  max_length: integer(2),
  adapter_name: anyString,
  signal: abortSignal,
};

/** Inputs as they are sent. Throws `invalid_argument` for what is none. */
export function predictRequest(inputs: readonly PredictInput[], options: PredictOptions): PredictRequest {
  checkOptions('predict', options, rules);
  const { per_device_eval_batch_size: batch_size = 8, max_length = Number.MAX_SAFE_INTEGER, adapter_name } = options;
  if (!Array.isArray(inputs) || inputs.length === 0) {
    const hint = typeof inputs === 'string' ? 'A single text is passed to predict(text).' : '';
    throw wrong('predict_batch: inputs', 'an array of at least one input', inputs, hint);
  }
  const examples = inputs.map((input, index) => exampleOf(`predict: inputs[${index}]`, input));
  return { inputs: examples, batch_size, max_length, ...defined({ adapter_name }) };
}

function isImage(input: unknown): input is ImageInput {
  return input instanceof Blob || looksLikeImage(input) || isShownImage(input);
}

function exampleOf(where: string, input: PredictInput): SentExample {
  if (typeof input === 'string') return exampleFields(where, { text: input });
  return exampleFields(where, isImage(input) ? { image: input } : input);
}
