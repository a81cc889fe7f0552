import { generationConfig, mergedMessages, messagesOf, textOf, unsupportedSettings } from './ai_settings';
import type {
  AiAnswer,
  AiCallOptions,
  AiLanguageModel,
  AiStreamPart,
  LanguageModelSettings,
  WritingModel,
} from './ai_types';
import { WrittenAnswer } from './written_answer';

/** The id of the text part: an answer has only one. */
const TEXT = '0';

/**
 * Makes a language model for the AI SDK (the package `ai`, versions 6 and 7): `generateText({ model: languageModel(base), prompt })`. The
 * caller still owns `model` and disposes it. The model answers calls one after the other. Settings that it doesn't support, such as
 * `tools`, cause warnings. `providerOptions: { webvera: { … } }` accepts other fields of a `GenerationConfig`, such as
 * `repetition_penalty`. Neighbouring messages of one role are joined by an empty line. With a `temperature` or `topP` of 0, the model
 * chooses the most probable token each time, as it does without `temperature`, `topK`, `topP` and `do_sample`. Without a `seed`, sampled
 * calls have a random one. Calls reject like `generate`, and with `invalid_argument` for a prompt with files or tools.
 */
export function languageModel(model: WritingModel, settings: LanguageModelSettings = {}): AiLanguageModel {
  const { modelId = 'local', chat = true, maxOutputTokens = 256, tokenizer = model.tokenizer } = settings;
  const answerTo = (options: AiCallOptions, signal: AbortSignal | undefined): WrittenAnswer => {
    const messages = messagesOf(options.prompt);
    const input = chat ? mergedMessages(messages) : textOf(messages);
    const config = { ...generationConfig(options, maxOutputTokens), signal };
    return new WrittenAnswer({ model, tokenizer, input, config });
  };
  return {
    specificationVersion: 'v3',
    provider: 'webvera',
    modelId,
    supportedUrls: {},
    async doGenerate(options) {
      return wholeAnswer(answerTo(options, options.abortSignal), options);
    },
    async doStream(options) {
      const left = new AbortController();
      const signals = [left.signal, options.abortSignal].filter((signal) => signal !== undefined);
      const signal = AbortSignal.any(signals);
      return { stream: streamOf(answerTo(options, signal), options, { signal, left }) };
    },
  };
}

async function wholeAnswer(answer: WrittenAnswer, options: AiCallOptions): Promise<AiAnswer> {
  let text = '';
  for await (const piece of answer.pieces()) text += piece;
  const content = text === '' ? [] : [{ type: 'text' as const, text }];
  return { content, ...(await answer.figures()), warnings: unsupportedSettings(options) };
}

interface StreamEnds {
  /** Aborts when the caller's signal aborts or the stream is cancelled. */
  readonly signal: AbortSignal;
  readonly left: AbortController;
}

function streamOf(
  answer: WrittenAnswer,
  options: AiCallOptions,
  { signal, left }: StreamEnds,
): ReadableStream<AiStreamPart> {
  const parts = partsOf(answer, options, signal);
  return new ReadableStream<AiStreamPart>({
    async pull(stream) {
      try {
        const { done, value } = await parts.next();
        if (done === true) stream.close();
        else stream.enqueue(value);
      } catch (error) {
        stream.error(error);
      }
    },
    cancel(reason) {
      left.abort(reason);
      // A model may ignore signals. An error of a text that is no longer read is ignored.
      parts.return(undefined).catch(() => {});
    },
  });
}

/**
 * Yields the parts of a streamed answer, as the AI SDK expects them. Throws the signal's reason if the signal is aborted. Any other error
 * becomes a part of type 'error'.
 */
async function* partsOf(
  answer: WrittenAnswer,
  options: AiCallOptions,
  signal: AbortSignal,
): AsyncGenerator<AiStreamPart> {
  yield { type: 'stream-start', warnings: unsupportedSettings(options) };
  let isBegun = false;
  try {
    for await (const delta of answer.pieces()) {
      if (!isBegun) yield { type: 'text-start', id: TEXT };
      isBegun = true;
      yield { type: 'text-delta', id: TEXT, delta };
    }
    if (isBegun) yield { type: 'text-end', id: TEXT };
    yield { type: 'finish', ...(await answer.figures()) };
  } catch (error) {
    signal.throwIfAborted();
    yield { type: 'error', error };
    yield { type: 'finish', ...answer.failed() };
  }
}
