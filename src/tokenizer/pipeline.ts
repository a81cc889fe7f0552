import { Tokenizer } from '@huggingface/tokenizers';
import { WebVeraError } from '../core/errors/error';
import type { JsonObject } from '../core/input/fields';
import { StepBudget } from '../regex/step_budget';
import { type AddedToken, TokenFinder } from './added_tokens';
import { BoundedDecoder, TextStages } from './stages';
import { bpeModel, unigramModel, type Vocabulary, type WordModel, wordCutter, wordPieceModel } from './word_models';

/** Ids as the model gives them: `undefined` for what the vocabulary has no token for. */
export type RawIds = readonly (number | undefined)[];

/** A tokenizer of nothing, for the library to read one rule of. */
const EMPTY: JsonObject = {
  model: { type: 'WordPiece', vocab: {} },
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  added_tokens: [],
};
/** What a text may cost, for each of its characters and besides; some 100 ns each. */
const STEPS_PER_CHARACTER = 150;
const FIRST_STEPS = 2_000_000;
/** A word that isn't cut further in vain. */
const SHORT_WORD = 64;

/** The settings of tokenizer_config.json that the library reads. */
interface Settings {
  readonly clean_up_tokenization_spaces: boolean;
  readonly do_lowercase_and_remove_accent: boolean;
  readonly remove_space: boolean;
  readonly additional_special_tokens: readonly string[];
}

/**
 * From a text to ids and back, by the library's rules and models, each of them bounded: by what it makes of a text rather than
 * by what it looks like. The library's own way through them isn't, as it runs patterns as they come.
 */
export class Pipeline {
  readonly #library: Tokenizer;
  readonly #settings: Settings;
  readonly #whole: TextStages;
  readonly #continued: TextStages;
  readonly #unnormalized: TokenFinder;
  readonly #normalized: TokenFinder;
  readonly #model: WordModel;
  readonly #cutWord: ((word: string) => string[]) | undefined;
  readonly #fusesUnknown: boolean;
  readonly #unknown: number | undefined;
  readonly #special: ReadonlySet<number>;

  /** `json` has been checked. Throws what the library throws for it. */
  constructor(json: JsonObject, settings: Settings) {
    const model = json.model as JsonObject;
    const isUnigram = model.type === 'Unigram';
    // The library keeps the vocabulary, and decodes. Rules are run from here, so that none runs while it reads the file.
    this.#library = new Tokenizer(
      { ...json, normalizer: null, post_processor: null, model: isUnigram ? wordVocabulary(model) : model },
      { ...settings },
    );
    const { normalizer } = new Tokenizer({ ...EMPTY, normalizer: json.normalizer }, {});
    this.#settings = settings;
    this.#whole = new TextStages(normalizer, this.#library.pre_tokenizer, false);
    this.#continued = new TextStages(normalizer, this.#library.pre_tokenizer, true);
    const { decoder, model: vocabulary } = this.#library;
    if (vocabulary === null) throw new WebVeraError('internal', 'The library opened a tokenizer without a model');
    if (decoder !== null) this.#library.decoder = new BoundedDecoder(decoder, newBudget);
    const added = (json.added_tokens as readonly JsonObject[]).map(addedToken);
    const isNormalized = ({ normalized }: AddedToken): boolean => normalized && normalizer !== null;
    const budget = newBudget(added.reduce((sum, { content }) => sum + content.length, 0));
    this.#unnormalized = new TokenFinder(
      new Map(added.filter((token) => !isNormalized(token)).map((token) => [token.content, token])),
    );
    this.#normalized = new TokenFinder(
      new Map(added.filter(isNormalized).map((token) => [this.#whole.normalize(token.content, budget), token])),
    );
    this.#cutWord = wordCutter(model);
    this.#fusesUnknown = isUnigram || model.fuse_unk === true;
    this.#unknown = isUnigram ? numberOr(model.unk_id) : vocabulary.unk_token_id;
    this.#model = wordModel(model, vocabulary);
    const extra = new Set(settings.additional_special_tokens);
    const special = added.filter((token) => token.special).map(({ id }) => id);
    this.#special = new Set([...special, ...[...extra].flatMap((token) => this.token_to_id(token) ?? [])]);
  }

  token_to_id(token: string): number | undefined {
    return this.#library.token_to_id(token);
  }

  id_to_token(id: number): string | undefined {
    return this.#library.id_to_token(id);
  }

  /**
   * Without special tokens around. `continued` is for a text that goes on where another ended. Throws `limit_exceeded`.
   */
  encode(text: string, continued = false): RawIds {
    const budget = newBudget(text.length);
    const ids: (number | undefined)[] = [];
    for (const [index, section] of this.#unnormalized.split(text, budget).entries()) {
      if (section.token !== undefined) {
        ids.push(section.token.id);
        continue;
      }
      const stages = continued && index === 0 ? this.#continued : this.#whole;
      const normalized = stages.normalize(this.#prepare(section.text), budget);
      for (const { text: part, token } of this.#normalized.split(normalized, budget)) {
        if (token !== undefined) ids.push(token.id);
        else if (part !== '') this.#encodeWords(stages.preTokenize(part, index === 0, budget), ids, budget);
      }
    }
    return ids;
  }

  /** Ids that no token has give no text. */
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
    const first = ids.length;
    for (const word of words) {
      const cut = this.#cutWord === undefined || word.length <= SHORT_WORD ? [word] : this.#cutWord(word);
      for (const part of cut) {
        for (const id of this.#model(part, budget)) {
          const isRepeated = this.#fusesUnknown && ids.length > first && id === this.#unknown && ids.at(-1) === id;
          if (!isRepeated) ids.push(id);
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

function addedToken({ content, id, special, normalized, lstrip, rstrip }: JsonObject): AddedToken {
  return {
    content: String(content),
    id: Number(id),
    special: special === true,
    normalized: typeof normalized === 'boolean' ? normalized : special !== true,
    lstrip: lstrip === true,
    rstrip: rstrip === true,
  };
}

function wordModel(json: JsonObject, vocabulary: Vocabulary): WordModel {
  if (json.type === 'Unigram') return unigramModel(json);
  if (json.type === 'WordPiece') return wordPieceModel(vocabulary.tokens_to_ids, json);
  return bpeModel(vocabulary);
}

/** Unigram's vocabulary in the form that the library reads without building a search tree, which may not fit in memory. */
function wordVocabulary({ vocab, unk_id }: JsonObject): JsonObject {
  const tokens = (vocab as readonly (readonly [string, number])[]).map(([token]) => token);
  const unk_token = typeof unk_id === 'number' ? tokens[unk_id] : undefined;
  return { type: 'WordPiece', unk_token, vocab: Object.fromEntries(tokens.map((token, id) => [token, id])) };
}

function numberOr(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
