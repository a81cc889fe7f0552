import type { JsonObject } from '../../core/input/fields';
import { describe, invalid } from '../checks';
import { BPE } from './bpe';
import type { ModelKind } from './model_kind';
import { UNIGRAM } from './unigram';
import { WORD_PIECE } from './word_piece';

/** Every kind of model that is supported. */
const MODEL_KINDS: readonly ModelKind[] = [BPE, WORD_PIECE, UNIGRAM];

/** Returns the kind of a tokenizer.json's model. Throws `invalid_format` for an unsupported kind. */
export function modelKindOf(json: JsonObject): ModelKind {
  const kind =
    json.type === undefined || json.type === null
      ? MODEL_KINDS.find((each) => each.isImplied(json))
      : MODEL_KINDS.find(({ type }) => type === json.type);
  if (kind !== undefined) return kind;
  const types = MODEL_KINDS.map(({ type }) => type);
  throw invalid(`model.type: expected one of ${types.join(', ')}, got ${describe(json.type ?? undefined)}`);
}
