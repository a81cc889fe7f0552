import type { Tokenizer } from '@huggingface/tokenizers';
import type { JsonObject } from '../../core/input/fields';
import type { StepBudget } from '../../regex/step_budget';

/** The library's model, which holds the vocabulary. */
export type Vocabulary = NonNullable<Tokenizer['model']>;

/** Encodes one word: the ids of its tokens, `undefined` for a part that no token stands for. */
export type EncodeWord = (word: string, budget: StepBudget) => readonly (number | undefined)[];

/** A model that encodes words. */
export interface WordModel {
  readonly encode: EncodeWord;
  /** Cuts a long word into parts whose tokens are the word's tokens. Undefined for models whose words can't be cut. */
  readonly cut: ((word: string) => string[]) | undefined;
  /** The id of the unknown token, if several in a row become one; else undefined. */
  readonly fusedUnknown: number | undefined;
}

/** One kind of model that a tokenizer.json may have. */
export interface ModelKind {
  /** The name in the field `model.type`. */
  readonly type: string;
  /** Whether a model without a `type`, as the first versions of the format wrote it, is of this kind. */
  isImplied(json: JsonObject): boolean;
  /** Checks the untrusted vocabulary and the merges, and returns the number of entries. Throws `invalid_format`. */
  check(json: JsonObject, idLimit: number): number;
  /** The model in the form that the library reads. */
  forLibrary(json: JsonObject): JsonObject;
  /** `json` has been checked; `vocabulary` is the library's model of `forLibrary(json)`. */
  create(json: JsonObject, vocabulary: Vocabulary): WordModel;
}
