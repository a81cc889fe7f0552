import { isShownImage } from '../../core/input/shown_image';
import { POOLING_MODES } from '../../core/pooling/pooling';
import { exampleFields } from '../../core/types/example';
import { type ImageInput, looksLikeImage } from '../../core/types/image';
import type { EmbedInput, EmbedOptions, EmbedProgress } from '../../core/types/prediction';
import type { SentExample } from '../../core/types/training';
import type { EmbedRequest } from '../../worker/protocol';
import type { CallEvent } from '../rpc/link';
import { checkOptions, defined, type Rules, wrong } from '../session/options';
import { abortSignal, anyBoolean, anyFunction, anyString, integer, oneOf } from '../session/rules';

export type { EmbedInput, EmbedOptions, EmbedProgress };

const rules: Rules<EmbedOptions> = {
  batch_size: integer(1),
  pooling: oneOf(...POOLING_MODES),
  normalize: anyBoolean,
  adapter_name: anyString,
  progress_callback: anyFunction,
  signal: abortSignal,
};

/** Inputs as they are sent. Throws `invalid_argument` for what is none. */
export function embedRequest(inputs: readonly EmbedInput[], options: EmbedOptions): EmbedRequest {
  checkOptions('embed', options, rules);
  const { batch_size = 32, pooling, normalize, adapter_name } = options;
  if (!Array.isArray(inputs) || inputs.length === 0) {
    const hint = typeof inputs === 'string' ? 'A single text goes into an array, too: embed([text]).' : '';
    throw wrong('embed: inputs', 'an array of at least one input', inputs, hint);
  }
  const examples = inputs.map((input, index) => exampleOf(`embed: inputs[${index}]`, input));
  return { inputs: examples, batch_size, ...defined({ pooling, normalize, adapter_name }) };
}

/** Passes a call's progress on. */
export function embedProgress({ progress_callback }: EmbedOptions): (event: CallEvent) => void {
  return (event) => {
    if (event.type === 'embed') progress_callback?.({ done: event.done, total: event.total });
  };
}

function exampleOf(where: string, input: EmbedInput): SentExample {
  if (typeof input === 'string') return exampleFields(where, { text: input });
  if (isIds(input)) return exampleFields(where, { input_ids: input });
  return exampleFields(where, isImage(input) ? { image: input } : input);
}

function isIds(input: EmbedInput): input is readonly number[] {
  return Array.isArray(input);
}

function isImage(input: unknown): input is ImageInput {
  return input instanceof Blob || looksLikeImage(input) || isShownImage(input);
}
