import type { Tokenizer } from '@huggingface/tokenizers';
import type { JsonObject } from '../../core/input/fields';
import type { StepBudget } from '../../regex/step_budget';

/** The library's model, which holds the vocabulary. */
export type Vocabulary = NonNullable<Tokenizer['model']>;

/** Encodes one word: returns the ids of its tokens, and `undefined` for a part without a token. */
export type EncodeWord = (word: string, budget: StepBudget) => readonly (number | undefined)[];

/** A model that encodes words. */
export interface WordModel {
  readonly encode: EncodeWord;
  /** Splits a long word so that the tokens of its parts are those of the word. Undefined for models whose words can't be split. */
  readonly cut: ((word: string) => string[]) | undefined;
  /** The id of the unknown token, if several unknown tokens in a row become one; otherwise undefined. */
  readonly fusedUnknown: number | undefined;
}

/** One kind of model that a tokenizer.json may have. */
export interface ModelKind {
  /** The name in the field `model.type`. */
  readonly type: string;
  /** Whether a model without a `type`, which the first versions of the format left out, is of this kind. */
  isImplied(json: JsonObject): boolean;
  /** Checks the untrusted vocabulary and the merges, and returns the number of entries. Throws `invalid_format`. */
  check(json: JsonObject, idLimit: number): number;
  /** Converts the model to the form that the library reads. */
  forLibrary(json: JsonObject): JsonObject;
  /** Creates the model. `json` has been checked; `vocabulary` is the library's model of `forLibrary(json)`. */
  create(json: JsonObject, vocabulary: Vocabulary): WordModel;
}
