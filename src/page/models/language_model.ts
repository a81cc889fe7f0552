import { abortError, untilAborted } from '../../core/async/abort';
import { defineForeign } from '../../core/errors/foreign_members';
import { totalOf } from '../../core/numbers/numbers';
import type { ChatMessage } from '../../core/types/chat';
import type { GenerationConfig } from '../../core/types/generation';
import { LANGUAGE_METHODS, LANGUAGE_PROPERTIES } from '../session/foreign_names';
import { checkOptions, defined, readable, wrong } from '../session/options';
import * as rule from '../session/rules';
import {
  expectedTexts,
  joinedTurns,
  type LanguageModelExpected,
  type LanguageModelMessage,
  type LanguageModelPrompt,
  messagesOf,
  reportLoaded,
  surplusOf,
  withoutOldest,
} from './language_prompts';
import { type Generation, roomKey, samplingRules } from './remote_generation';

/** A model, or a profile, whose answers a `LanguageModel` gives. */
export interface AnsweringModel {
  generate(messages: readonly ChatMessage[], config?: GenerationConfig): Generation;
}

export interface LanguageModelOptions {
  /** A model for conversations, with or without adapters, or a profile over one. `destroy` doesn't free it. */
  readonly model: AnsweringModel;
  /** The conversation's beginning, such as a message of the role 'system'. Default: none. */
  readonly initialPrompts?: readonly LanguageModelMessage[];
  /** The types of the inputs: only 'text' is supported. */
  readonly expectedInputs?: readonly LanguageModelExpected[];
  /** The types of the outputs: only 'text' is supported. */
  readonly expectedOutputs?: readonly LanguageModelExpected[];
  /**
   * Called with an EventTarget that dispatches 'downloadprogress' events, whose `loaded` is the downloaded share. The model is already
   * loaded, so there are two events, with 0 and 1, as for a browser's model that is already on the device. `progress_callback` of
   * `from_pretrained` reports the real download.
   */
  readonly monitor?: (events: EventTarget) => void;
  /** 0, or a number from 1e-30. With 0, the most probable token is chosen each time. Default: 1 if `topK` or `topP` is given, else 0. */
  readonly temperature?: number;
  /** Default: 50 with `temperature` or `topP`. 0 disables it. */
  readonly topK?: number;
  /** A number from 0 to 1. Default: 1, which disables it. With 0, the most probable token is chosen each time. */
  readonly topP?: number;
  /** The largest number of tokens in an answer. Default: 256. */
  readonly max_new_tokens?: number;
  /** Default: 1, which disables it. */
  readonly repetition_penalty?: number;
  /**
   * The seed of each answer. Default: 42, so the same messages and settings give the same answers. Pass a random integer for other answers.
   */
  readonly seed?: number;
  /** When it aborts, the session is destroyed. */
  readonly signal?: AbortSignal | undefined;
}

export interface LanguageModelPromptOptions {
  /** When it aborts, the call rejects with its reason, and the conversation is as if the call had not been made. */
  readonly signal?: AbortSignal | undefined;
}

const optionRules = {
  model: {
    expected: 'a model or a profile',
    accepts: (value: unknown) => typeof (value as Partial<AnsweringModel> | null)?.generate === 'function',
  },
  initialPrompts: { expected: 'an array of messages', accepts: Array.isArray },
  expectedInputs: expectedTexts,
  expectedOutputs: expectedTexts,
  monitor: rule.anyFunction,
  temperature: {
    expected: '0 or a number from 1e-30',
    accepts: (value: unknown) => value === 0 || samplingRules.temperature.accepts(value),
  },
  topK: samplingRules.top_k,
  topP: rule.number(0, 1),
  max_new_tokens: rule.integer(1),
  repetition_penalty: samplingRules.repetition_penalty,
  seed: rule.integer(0),
  signal: rule.abortSignal,
};

const promptRules = { signal: rule.abortSignal };

/** The result of a call, and the conversation after it. */
interface Turn<T> {
  readonly messages: readonly ChatMessage[];
  readonly result: T;
}

/**
 * A conversation with a model, with the interface of a session of browsers' Prompt API: code written for `LanguageModel.create()` works
 * with a loaded model, or with a visitor's profile. Only texts are supported: other options of the browser's API are rejected. Sessions
 * have no events and don't count tokens.
 *
 * Calls take effect one after the other, in the order in which they are made. They reject as `generate` does, with `invalid_argument` for a
 * model without a chat template; the conversation is then unchanged. Neighbouring messages of the same role are joined into one by an empty
 * line, unless a message has fields other than `role` and `content`.
 *
 * If the conversation leaves no room for an answer of `max_new_tokens`, or of a quarter of the model's maximum length if that is less, the
 * oldest prompts and their answers are dropped from it, but not `initialPrompts`. An answer ends at the model's maximum length. A prompt is
 * rejected if it doesn't fit even when only `initialPrompts` precede it.
 */
export class LanguageModel {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name: string = 'LanguageModel';

  /** @internal A field, because bundlers can't leave out an unused class that has a static block. */
  static readonly foreign = /* @__PURE__ */ defineForeign(
    LanguageModel.prototype,
    LANGUAGE_METHODS,
    LANGUAGE_PROPERTIES,
  );

  readonly #options: LanguageModelOptions;
  readonly #end = new AbortController();
  readonly #initial: readonly ChatMessage[];
  /** The messages after `initialPrompts`. */
  #messages: readonly ChatMessage[];
  /** Resolves when all earlier calls have ended. */
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(
    options: LanguageModelOptions,
    initial: readonly ChatMessage[],
    messages: readonly ChatMessage[] = [],
  ) {
    this.#options = { ...options };
    this.#initial = initial;
    this.#messages = messages;
    const { signal } = options;
    signal?.addEventListener('abort', () => this.#end.abort(signal.reason), { once: true, signal: this.#end.signal });
  }

  /**
   * Resolves with 'available', because a model is loaded before its conversations; with 'unavailable' if the expected inputs or outputs
   * aren't texts. Rejects with `invalid_argument` for unknown options.
   */
  static async availability(options: Partial<LanguageModelOptions> = {}): Promise<'available' | 'unavailable'> {
    const { expectedInputs = [], expectedOutputs = [], ...others } = readable(options);
    checkOptions('LanguageModel.availability', others, optionRules);
    const areTexts = expectedTexts.accepts(expectedInputs) && expectedTexts.accepts(expectedOutputs);
    return areTexts ? 'available' : 'unavailable';
  }

  /** Begins a conversation. Rejects with `invalid_argument` for unknown options and for messages that aren't `{ role, content }`. */
  static async create(options: LanguageModelOptions): Promise<LanguageModel> {
    checkOptions('LanguageModel.create', options, optionRules);
    const { model, initialPrompts = [], monitor, signal } = readable(options);
    if (model === undefined) throw wrong('LanguageModel.create: model', optionRules.model.expected, model);
    signal?.throwIfAborted();
    const messages =
      initialPrompts.length === 0 ? [] : messagesOf('LanguageModel.create: initialPrompts', initialPrompts);
    if (monitor !== undefined) reportLoaded(monitor);
    signal?.throwIfAborted();
    return new LanguageModel(options, messages);
  }

  /** Adds the prompt and the model's answer to the conversation, and resolves with the answer. */
  async prompt(input: LanguageModelPrompt, options: LanguageModelPromptOptions = {}): Promise<string> {
    return this.#answer(checkedMessages('prompt', input, options), this.#signals(options.signal));
  }

  /**
   * Does the same as `prompt`, but returns a stream of the answer's pieces as they are generated. Cancelling the stream cancels the answer.
   */
  promptStreaming(input: LanguageModelPrompt, options: LanguageModelPromptOptions = {}): ReadableStream<string> {
    const messages = checkedMessages('promptStreaming', input, options);
    const left = new AbortController();
    return new ReadableStream<string>({
      start: (stream) => {
        const signal = this.#signals(options.signal, left.signal);
        const onText = (text: string): void => {
          if (!signal.aborted) stream.enqueue(text);
        };
        const onEnd = (): void => {
          if (!left.signal.aborted) stream.close();
        };
        this.#answer(messages, signal, onText).then(onEnd, (error: unknown) => stream.error(error));
      },
      cancel: (reason: unknown) => left.abort(reason ?? abortError('The stream was cancelled')),
    });
  }

  /** Adds messages to the conversation without generating an answer. */
  async append(input: LanguageModelPrompt, options: LanguageModelPromptOptions = {}): Promise<void> {
    const messages = checkedMessages('append', input, options);
    const after = async () => ({ messages: [...this.#messages, ...messages], result: undefined });
    await this.#take(this.#signals(options.signal), after);
  }

  /** Creates another session with the conversation so far. The two are independent: destroying one session doesn't end the other. */
  async clone(options: LanguageModelPromptOptions = {}): Promise<LanguageModel> {
    checkOptions('clone', options, promptRules);
    const { signal: _, ...others } = this.#options;
    return this.#take(this.#signals(options.signal), async () => ({
      messages: this.#messages,
      result: new LanguageModel(others, this.#initial, this.#messages),
    }));
  }

  /** Ends the conversation. Pending and later calls reject with an `AbortError`. */
  destroy(): void {
    this.#end.abort(abortError('The session was destroyed'));
  }

  #signals(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
    return AbortSignal.any([this.#end.signal, ...signals.filter((signal) => signal !== undefined)]);
  }

  #answer(
    messages: readonly ChatMessage[],
    signal: AbortSignal,
    onText: (text: string) => void = () => {},
  ): Promise<string> {
    return this.#take(signal, async () => {
      for (let earlier = this.#messages; ; ) {
        const isShortest = earlier.length === 0;
        const conversation = [...earlier, ...messages];
        const config = { ...this.#config(signal), [roomKey]: !isShortest };
        try {
          const result = await this.#generated(conversation, config, onText);
          return { messages: [...conversation, { role: 'assistant', content: result }], result };
        } catch (error) {
          const surplus = isShortest ? 0 : surplusOf(error);
          if (surplus === 0) throw error;
          // A part of the surplus at a time, because some texts have more tokens than others of the same length.
          const length = totalOf([...this.#initial, ...conversation], ({ content }) => content.length);
          earlier = withoutOldest(earlier, (surplus * length) / 4);
        }
      }
    });
  }

  async #generated(
    conversation: readonly ChatMessage[],
    config: GenerationConfig,
    onText: (text: string) => void,
  ): Promise<string> {
    let content = '';
    const turns = joinedTurns([...this.#initial, ...conversation]);
    for await (const { text } of this.#options.model.generate(turns, config)) {
      content += text;
      if (text !== '') onText(text);
    }
    return content;
  }

  /** Runs `body` after all earlier calls, unless the signal has aborted by then. Its messages become the conversation. */
  #take<T>(signal: AbortSignal, body: () => Promise<Turn<T>>): Promise<T> {
    const turn = this.#queue.then(() => {
      signal.throwIfAborted();
      return body();
    });
    // The conversation changes only once the signal can't make the call reject any more.
    const over = untilAborted(turn, signal).then(({ messages, result }) => {
      this.#messages = messages;
      return result;
    });
    this.#queue = turn.then(() => over).catch(() => {});
    return over;
  }

  #config(signal: AbortSignal): GenerationConfig {
    const { temperature, topK, topP, max_new_tokens = 256, repetition_penalty, seed } = this.#options;
    const isAsked = temperature !== undefined || topK !== undefined || topP !== undefined;
    const do_sample = isAsked && temperature !== 0 && topP !== 0;
    const sampling = do_sample ? { temperature, top_k: topK, top_p: topP } : {};
    return { ...defined({ max_new_tokens, do_sample, ...sampling, repetition_penalty, seed }), signal };
  }
}

/** Checks the arguments of a call, and returns its messages. */
function checkedMessages(call: string, input: LanguageModelPrompt, options: LanguageModelPromptOptions): ChatMessage[] {
  checkOptions(call, options, promptRules);
  return messagesOf(`${call}: input`, input);
}
