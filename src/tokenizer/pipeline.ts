import { Tokenizer } from '@huggingface/tokenizers';
import { WebVeraError } from '../core/errors/error';
import type { JsonObject } from '../core/input/fields';
import { StepBudget } from '../regex/step_budget';
import { type AddedToken, TokenFinder } from './added_tokens';
import type { TokenizerDefinition } from './definition';
import type { WordModel } from './models/model_kind';
import { BoundedDecoder } from './rules/bounded_decoder';
import { preTokenizerForLibrary } from './rules/library_rules';
import { TextPatterns } from './rules/patterns';
import { TextStages } from './rules/text_stages';

/** Token ids before they are checked: `undefined` for a part of the text that has no token in the vocabulary. */
export type RawIds = readonly (number | undefined)[];

/** An empty tokenizer.json. With a normalizer added, the library creates that normalizer and nothing else. */
const EMPTY: JsonObject = {
  model: { type: 'WordPiece', vocab: {} },
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  added_tokens: [],
};
/** Encoding a text may take `FIRST_STEPS` steps and `STEPS_PER_CHARACTER` more for each character. A step takes about 100 ns. */
const STEPS_PER_CHARACTER = 150;
const FIRST_STEPS = 2_000_000;
/** Words of at most this many characters are encoded whole. Longer words may be split into parts. */
const SHORT_WORD = 64;

/** The settings of tokenizer_config.json that the library reads. */
interface Settings {
  readonly clean_up_tokenization_spaces: boolean;
  readonly do_lowercase_and_remove_accent: boolean;
  readonly remove_space: boolean;
}

/**
 * Encodes and decodes texts with the rules and models of @huggingface/tokenizers (below: the library), and limits the work and the length
 * of every result. The library's own `encode` has no limits: it runs any pattern on the whole text.
 */
export class Pipeline {
  readonly #library: Tokenizer;
  readonly #settings: Settings;
  readonly #whole: TextStages;
  readonly #continued: TextStages;
  readonly #unnormalized: TokenFinder;
  readonly #normalized: TokenFinder;
  readonly #model: WordModel;
  readonly #special: ReadonlySet<number>;

  /**
   * `named` maps each special token that tokenizer_config.json names to its settings, which apply if tokenizer.json doesn't list the token.
   * Throws the library's errors for rules that the library rejects.
   */
  constructor({ json, modelKind }: TokenizerDefinition, settings: Settings, named: ReadonlyMap<string, JsonObject>) {
    // The library stores the vocabulary and decodes. It gets no normalizer, because it would normalize the added tokens without limits. It
    // gets no additional special tokens, because it would compare each with all others: `decode` below skips special tokens itself.
    this.#library = new Tokenizer(
      {
        ...json,
        ...{ normalizer: null, post_processor: null, pre_tokenizer: preTokenizerForLibrary(json.pre_tokenizer) },
        model: modelKind.forLibrary(json.model),
      },
      settings,
    );
    const { normalizer } = new Tokenizer({ ...EMPTY, normalizer: json.normalizer }, {});
    this.#settings = settings;
    const { decoder, model: vocabulary, pre_tokenizer } = this.#library;
    const patterns = new TextPatterns();
    this.#whole = new TextStages(normalizer, pre_tokenizer, false, patterns);
    this.#continued = new TextStages(normalizer, pre_tokenizer, true, patterns);
    if (vocabulary === null) throw new WebVeraError('internal', 'The library opened a tokenizer without a model');
    if (decoder !== null) this.#library.decoder = new BoundedDecoder(decoder, newBudget, patterns);
    const listed = (json.added_tokens as readonly JsonObject[]).map(addedToken);
    const known = new Set(listed.map(({ content }) => content));
    const special = [...named].flatMap(([content, token]) => {
      const id = this.token_to_id(content);
      return id === undefined ? [] : [addedToken({ ...token, content, id, special: true })];
    });
    const added = [...listed, ...special.filter(({ content }) => !known.has(content))];
    const isNormalized = ({ normalized }: AddedToken): boolean => normalized;
    // The rules of published tokenizers take a few steps for each character, so added tokens get a small part of a text's budget.
    const budget = newBudget(added.reduce((sum, { content }) => sum + content.length, 0) / 16);
    this.#unnormalized = new TokenFinder(
      new Map(added.filter((token) => !isNormalized(token)).map((token) => [token.content, token])),
    );
    this.#normalized = new TokenFinder(
      new Map(added.filter(isNormalized).map((token) => [this.#whole.normalize(token.content, budget), token])),
    );
    this.#model = modelKind.create(json.model, vocabulary);
    this.#special = new Set([...listed.filter((token) => token.special), ...special].map(({ id }) => id));
  }

  token_to_id(token: string): number | undefined {
    return this.#library.token_to_id(token);
  }

  id_to_token(id: number): string | undefined {
    return this.#library.id_to_token(id);
  }

  /**
   * Encodes a text without adding special tokens around it. `continued`: whether the text continues one that was encoded before. Throws
   * `limit_exceeded`.
   */
  encode(text: string, continued = false): RawIds {
    const budget = newBudget(text.length);
    const ids: (number | undefined)[] = [];
    for (const [index, section] of this.#unnormalized.split(text, budget).entries()) {
      if (section.token !== undefined) {
        ids.push(section.token.id);
        continue;
      }
      // The section is empty if a neighbouring added token has taken its white space. A rule that prepends a character would turn the empty
      // section into a token.
      if (section.text === '') continue;
      const stages = continued && index === 0 ? this.#continued : this.#whole;
      const normalized = stages.normalize(this.#prepare(section.text), budget);
      for (const [at, { text: part, token }] of this.#normalized.split(normalized, budget).entries()) {
        const isFirst = index + at === 0;
        if (token !== undefined) {
          ids.push(token.id);
        } else if (part !== '') {
          const words = (isFirst ? stages : this.#whole).preTokenize(part, isFirst, budget);
          this.#encodeWords(words, ids, budget);
        }
      }
    }
    return ids;
  }

  /** Decodes ids. An id without a token adds no text. */
  decode(ids: readonly number[], skip_special_tokens: boolean): string {
    const known = ids.filter(
      (id) => this.#library.id_to_token(id) !== undefined && !(skip_special_tokens && this.#special.has(id)),
    );
    if (known.length === 0) return '';
    const text = this.#library.decode(known);
    return skip_special_tokens && this.#library.decoder?.end_of_word_suffix ? text.trim() : text;
  }

  #prepare(text: string): string {
    const trimmed = this.#settings.remove_space ? text.trim().split(/\s+/).join(' ') : text;
    return this.#settings.do_lowercase_and_remove_accent ? trimmed.toLowerCase().replace(/\p{M}/gu, '') : trimmed;
  }

  #encodeWords(words: readonly string[], ids: (number | undefined)[], budget: StepBudget): void {
    const { encode, cut, fusedUnknown } = this.#model;
    for (const word of words) {
      const first = ids.length;
      const parts = cut === undefined || word.length <= SHORT_WORD ? [word] : cut(word);
      for (const part of parts) {
        for (const id of encode(part, budget)) {
          const isFused = id !== undefined && id === fusedUnknown && ids.length > first && ids.at(-1) === id;
          if (!isFused) ids.push(id);
        }
      }
    }
  }
}

function newBudget(length: number): StepBudget {
  return new StepBudget(
    FIRST_STEPS + STEPS_PER_CHARACTER * length,
    'tokenizer.json: its rules take too much work on this text, or make it too long',
    'This tokenizer is too slow to use, perhaps by intent. Use that of a published model.',
  );
}

function addedToken({ content, id, special, normalized, lstrip, rstrip, single_word }: JsonObject): AddedToken {
  return {
    content: String(content),
    id: Number(id),
    special: special === true,
    normalized: typeof normalized === 'boolean' ? normalized : special !== true,
    lstrip: lstrip === true,
    rstrip: rstrip === true,
    singleWord: single_word === true,
  };
}
