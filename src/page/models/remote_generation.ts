import { copyPrompt } from '../../core/input/copy_prompt';
import type { ChatMessage } from '../../core/types/chat';
import type {
  BatchGenerationConfig,
  BatchToken,
  GeneratedToken,
  GenerationConfig,
  ResolvedGenerationConfig,
} from '../../core/types/generation';
import type { CallEvent, Link } from '../rpc/link';
import { checkOptions, copied, defined, type Rules, readable, wrong } from '../session/options';
import type { Rule } from '../session/rules';
import * as rule from '../session/rules';
import { Followed, Replay } from '../training/replay';
import { nameList } from './inputs';

/**
 * A generation in progress. Iterate over it for its tokens as they arrive; await it for the new text, without the prompt ('' if the model
 * has no tokenizer). You can do both, in either order. Leaving the loop doesn't stop the generation: abort `signal` for that. A text that
 * ends at its first token is empty, with a warning of the session (`empty_generation`).
 */
export interface Generation extends AsyncIterable<GeneratedToken>, Promise<string> {
  /** The prompt as it was given. */
  readonly prompt: string | readonly ChatMessage[] | readonly number[];
  /** The seed that, with the prompt and the other settings, gives the same tokens again. */
  readonly seed: number;
  /** The new tokens so far. */
  readonly token_ids: readonly number[];
}

/**
 * The generation of several prompts, otherwise like `Generation`. Each token has its prompt's index; tokens arrive step by step, those of
 * one step in the order of the prompts. The result has the new texts in that order too.
 */
export interface BatchGeneration extends AsyncIterable<BatchToken>, Promise<string[]> {}

/** A generation: its tokens as they arrive, and its result. */
export class RemoteGeneration<Token, Result> extends Followed<Token, Result> {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static override readonly name = 'Generation';

  protected readonly items = new Replay<Token>();
  protected readonly result: Promise<Result>;

  constructor(start: (onEvent: (event: CallEvent) => void) => Promise<Result>, toToken: (token: BatchToken) => Token) {
    super();
    const body = start((event) => {
      if (event.type === 'token') this.items.push(toToken(event));
    });
    this.result = this.following(body);
  }
}

/** The generation of one text. */
export class TextGeneration extends RemoteGeneration<GeneratedToken, string> implements Generation {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static override readonly name = 'Generation';

  readonly prompt: Generation['prompt'];
  readonly seed: number;
  readonly token_ids: readonly number[];

  constructor(
    prompt: Generation['prompt'],
    config: GenerationConfig,
    start: (onEvent: (event: CallEvent) => void) => Promise<string>,
  ) {
    const token_ids: number[] = [];
    super(start, ({ token_id, text, end }) => {
      token_ids.push(token_id);
      return { token_id, text, ...(end && { end }) };
    });
    this.prompt = copyPrompt(prompt);
    this.seed = readable(config).seed ?? DEFAULTS.seed;
    this.token_ids = token_ids;
  }
}

const idList: Rule = {
  expected: 'a list of token ids',
  accepts: (value) => Array.isArray(value) && value.every((id) => Number.isSafeInteger(id) && id >= 0),
};

/** The minimum is 1e-30, because a logit divided by a smaller temperature could exceed float32's range. */
const temperature: Rule = {
  expected: 'a number from 1e-30',
  accepts: (value) => rule.positive.accepts(value) && (value as number) >= 1e-30,
  hint: () => 'do_sample: false takes the likeliest token each time.',
};

const MOST_STRINGS = 64;
const LONGEST_STRING = 1024;

const stopStrings: Rule = {
  expected: `an array of at most ${MOST_STRINGS} strings of 1 to ${LONGEST_STRING} characters`,
  accepts: (value) => Array.isArray(value) && value.length <= MOST_STRINGS && [...value].every(isStopString),
  hint: (value) => (typeof value === 'string' ? 'One string goes into an array, too.' : undefined),
};

function isStopString(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_STRING;
}

const topP: Rule = {
  expected: 'a number above 0, at most 1',
  accepts: (value) => rule.positive.accepts(value) && (value as number) <= 1,
  hint: () => '1 keeps all tokens; do_sample: false takes the likeliest each time.',
};

export const samplingRules = {
  temperature,
  top_k: rule.integer(0),
  top_p: topP,
  repetition_penalty: {
    ...rule.number(1e-30, 1e30),
    hint: () => '1 is none; above 1, what the text has comes less often.',
  },
};

const rules: Rules<GenerationConfig> = {
  max_new_tokens: rule.integer(1),
  do_sample: rule.anyBoolean,
  ...samplingRules,
  seed: rule.integer(0),
  stop_strings: stopStrings,
  eos_token_id: rule.either(rule.integer(0), idList, rule.oneOf(null)),
  adapter_name: rule.anyString,
  signal: rule.abortSignal,
};

/** The rules of settings that are ignored if `do_sample` is false. They accept 0, because code for other libraries often passes it. */
const unusedRules = { temperature: rule.number(0), top_p: rule.number(0) };

const rulesFor = (config: BatchGenerationConfig): typeof rules =>
  readable(config).do_sample === false ? { ...rules, ...unusedRules } : rules;

export function resolveGenerationConfig(config: GenerationConfig, link?: Warns): ResolvedGenerationConfig {
  checkOptions('GenerationConfig', config, rulesFor(config));
  return resolve(config, link);
}

export function resolveBatchConfig(config: BatchGenerationConfig, link?: Warns): ResolvedGenerationConfig {
  checkOptions('BatchGenerationConfig', config, { ...rulesFor(config), adapter_names: rule.orNull(nameList) });
  if (config.adapter_name === undefined || (config.adapter_names ?? undefined) === undefined)
    return resolve(config, link);
  throw wrong('BatchGenerationConfig', 'adapter_name or adapter_names', 'both');
}

/** The key in a `GenerationConfig` that sets `needs_room`, for this library's own use. */
export const roomKey: unique symbol = Symbol('room');

const DEFAULTS = {
  ...{ max_new_tokens: 20, do_sample: false, temperature: 1, top_k: 50, top_p: 1, repetition_penalty: 1 },
  seed: 42,
};

type Warns = Pick<Link, 'warn'>;

/** Fills in the defaults. Warns about settings that have no effect, as transformers does, unless `do_sample: false` was given. */
function resolve(
  config: BatchGenerationConfig & { readonly [roomKey]?: boolean },
  link?: Warns,
): ResolvedGenerationConfig {
  const { signal: _, stop_strings = [], eos_token_id, adapter_name, adapter_names, ...given } = copied(config);
  const isUnused = (name: 'temperature' | 'top_k' | 'top_p') => (given[name] ?? DEFAULTS[name]) !== DEFAULTS[name];
  const unused = (['temperature', 'top_k', 'top_p'] as const).filter(isUnused).join(', ');
  if (given.do_sample === undefined && unused !== '')
    link?.warn('not_sampled', `generate: without do_sample: true there is no effect of ${unused}`);
  return {
    ...DEFAULTS,
    ...defined(given),
    stop_strings,
    eos_token_id: typeof eos_token_id === 'number' ? [eos_token_id] : eos_token_id,
    adapter_name,
    adapter_names: adapter_names ?? undefined,
    needs_room: config[roomKey],
  };
}
