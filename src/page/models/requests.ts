import { isShownImage } from '../../core/input/shown_image';
import { POOLING_MODES } from '../../core/pooling/pooling';
import { type ChatMessage, promptMessages } from '../../core/types/chat';
import { exampleFields } from '../../core/types/example';
import { type ImageInput, looksLikeImage } from '../../core/types/image';
import type { EmbedInput, EmbedOptions, LabelScore, PredictInput, PredictOptions } from '../../core/types/prediction';
import type { ImagePreview, Preview, PreviewOptions } from '../../core/types/preview';
import type { Example, SentExample } from '../../core/types/training';
import type { EmbedRequest, Predictions, PredictRequest, PreviewRequest, Prompt } from '../../worker/protocol';
import type { CallEvent } from '../rpc/link';
import { checkOptions, defined, type Rules, wrong } from '../session/options';
import * as rule from '../session/rules';
import { resolveTrainingArguments } from '../training/training_arguments';
import { plainIds, type Tokenizer } from './remote_tokenizer';

const predictRules: Rules<PredictOptions> = {
  per_device_eval_batch_size: rule.integer(1),
  max_length: rule.integer(2),
  adapter_name: rule.anyString,
  signal: rule.abortSignal,
};

/** Converts inputs to the form that the worker receives. Throws `invalid_argument` for a value that isn't an input. */
export function predictRequest(inputs: readonly PredictInput[], options: PredictOptions): PredictRequest {
  checkOptions('predict', options, predictRules);
  const { per_device_eval_batch_size: batch_size = 8, max_length = Number.MAX_SAFE_INTEGER, adapter_name } = options;
  if (!Array.isArray(inputs) || inputs.length === 0) {
    const hint = typeof inputs === 'string' ? 'A single text is passed to predict(text).' : '';
    throw wrong('predict_batch: inputs', 'an array of at least one input', inputs, hint);
  }
  const [first] = inputs;
  if (Array.isArray(first)) throw wrong('predict: input', 'one input', first, 'Pass several to predict_batch(inputs).');
  const examples = inputs.map((input, index) => exampleOf(`predict: inputs[${index}]`, input));
  return { inputs: examples, batch_size, max_length, ...defined({ adapter_name }) };
}

/** Returns a list of the labels and their scores for each input. */
export function labelScores({ labels, order, scores, threshold }: Predictions): readonly (readonly LabelScore[])[] {
  const told = (score: number, at: number): LabelScore => ({
    label: labels[order[at] ?? 0] ?? '',
    score,
    ...(threshold !== undefined && { told: score > threshold }),
  });
  const count = labels.length;
  return Array.from({ length: scores.length / count }, (_, row) =>
    Array.from(scores.subarray(row * count, (row + 1) * count), (score, place) => told(score, row * count + place)),
  );
}

const embedRules: Rules<EmbedOptions> = {
  batch_size: rule.integer(1),
  pooling: rule.oneOf(...POOLING_MODES),
  normalize: rule.anyBoolean,
  adapter_name: rule.anyString,
  progress_callback: rule.anyFunction,
  signal: rule.abortSignal,
};

/** Converts inputs to the form that the worker receives. Throws `invalid_argument` for a value that isn't an input. */
export function embedRequest(inputs: readonly EmbedInput[], options: EmbedOptions): EmbedRequest {
  checkOptions('embed', options, embedRules);
  const { batch_size = 32, pooling, normalize, adapter_name } = options;
  if (!Array.isArray(inputs) || inputs.length === 0) {
    const hint = typeof inputs === 'string' ? 'A single text goes into an array, too: embed([text]).' : '';
    throw wrong('embed: inputs', 'an array of at least one input', inputs, hint);
  }
  const examples = (inputs as readonly EmbedInput[]).map((input, index) => {
    const where = `embed: inputs[${index}]`;
    return isIds(input) ? exampleFields(where, { input_ids: input }) : exampleOf(where, input);
  });
  return { inputs: examples, batch_size, ...defined({ pooling, normalize, adapter_name }) };
}

/** Returns a listener for a call's events that reports the progress to `progress_callback`. */
export function embedProgress({ progress_callback }: EmbedOptions): (event: CallEvent) => void {
  return (event) => {
    if (event.type === 'embed') progress_callback?.({ done: event.done, total: event.total });
  };
}

/** Returns each of `count` vectors of the same length in an array of its own. */
export function eachVector(vectors: Float32Array, count: number): Float32Array[] {
  const width = vectors.length / count;
  return Array.from({ length: count }, (_, row) => vectors.slice(row * width, (row + 1) * width));
}

function isIds(input: EmbedInput): input is readonly number[] {
  return Array.isArray(input);
}

function isImage(input: unknown): input is ImageInput {
  return input instanceof Blob || looksLikeImage(input) || isShownImage(input);
}

function exampleOf(where: string, input: PredictInput): SentExample {
  if (typeof input === 'string') return exampleFields(where, { text: input });
  return exampleFields(where, isImage(input) ? { image: input } : input);
}

const previewRules: Rules<PreviewOptions> = {
  max_length: rule.integer(2),
  completion_only_loss: rule.orNull(rule.anyBoolean),
  signal: rule.abortSignal,
};

/** Converts an example to the form that the worker receives. Throws `invalid_argument` for a value that isn't an example. */
export function previewRequest(example: Example | string, options: PreviewOptions): PreviewRequest {
  checkOptions('preview', options, previewRules);
  const { signal: _, ...args } = options;
  const given = typeof example === 'string' ? { text: example } : example;
  return { example: exampleFields('preview: example', given), args: resolveTrainingArguments(defined(args)) };
}

/** Returns a preview whose image is an `ImageData`, because a canvas accepts no other form. */
export function shownPreview(preview: Preview | ImagePreview): Preview | ImagePreview {
  if (!('image' in preview) || typeof ImageData === 'undefined') return preview;
  const { width, height, data } = preview.image;
  const image = new ImageData(width, height);
  image.data.set(data);
  return { ...preview, image };
}

/** A prompt: a text to continue, a conversation to answer, or token ids. */
export type GenerateInput = string | readonly ChatMessage[] | readonly number[];

/** Converts several prompts to the form that the worker receives, for `generate_batch`. */
export function wirePrompts(inputs: readonly GenerateInput[], tokenizer: Tokenizer | undefined): Prompt[] {
  if (!Array.isArray(inputs) || inputs.length === 0) {
    const hint = typeof inputs === 'string' ? 'A single text is continued by generate(text).' : '';
    throw wrong('generate_batch: prompts', 'an array of at least one prompt', inputs, hint);
  }
  return inputs.map((input, row) => wirePrompt(`generate_batch: prompts[${row}]`, input, tokenizer));
}

/** Converts a prompt to the form that the worker receives. `what`: the prompt's name in error messages. */
export function wirePrompt(what: string, input: GenerateInput, tokenizer: Tokenizer | undefined): Prompt {
  if (typeof input === 'string' || isChat(input)) {
    if (tokenizer !== undefined) return typeof input === 'string' ? input : { messages: promptMessages(what, input) };
    const hint = 'Load the model from a folder with tokenizer.json, or encode the text elsewhere.';
    throw wrong(what, 'token ids, as this model came without a tokenizer', input, hint);
  }
  const hint = promptHint(input);
  if (hint !== '') throw wrong(what, 'a text, messages or an array of token ids', input, hint);
  return plainIds(what, input);
}

/** Returns a hint for a value that isn't a prompt, or '' for a value that may be a prompt. */
function promptHint(input: unknown): string {
  if (ArrayBuffer.isView(input)) return '';
  if (!Array.isArray(input)) {
    const { input_ids, data } = (input ?? {}) as Readonly<Record<string, unknown>>;
    if (input_ids !== undefined) return 'The ids of one text are passed by themselves: generate(input_ids[0], { … }).';
    if (data !== undefined) return 'The ids of one text are passed by themselves: generate(tensor.data, { … }).';
    return "The text comes first, then the options: generate('The whale', { max_new_tokens: 40 }).";
  }
  const [first] = input as readonly unknown[];
  return typeof first === 'string' || Array.isArray(first) ? 'Several at once go to generate_batch(prompts).' : '';
}

/** Whether the input is a conversation. Items of other inputs are numbers (token ids), or texts or arrays (several prompts). */
function isChat(input: GenerateInput): input is readonly ChatMessage[] {
  if (!Array.isArray(input)) return false;
  const [first] = input as readonly unknown[];
  return typeof first === 'object' && first !== null && !Array.isArray(first);
}
