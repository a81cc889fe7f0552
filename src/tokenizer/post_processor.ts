import type { WebVeraError } from '../core/errors/error';
import { isJsonObject, type JsonObject } from '../core/input/fields';
import { invalid as invalidTokenizer } from './checks';

/** The largest number of special tokens around a text. Published tokenizers have a few. */
const MAX_SPECIAL_TOKENS = 256;
/** The largest number of token types. Published models have 2. */
const MAX_TYPES = 256;

/** An element of a layout: a special token, or the place of a text (0 or 1). `type` is the value of its tokens in token_type_ids. */
export type Piece = { readonly id: number; readonly type: number } | { readonly text: number; readonly type: number };
/** The order of special tokens and texts; each text occurs once. */
export type Layout = readonly Piece[];

/** Looks up the ids of a tokenizer's tokens. */
interface Tokens {
  readonly idOf: (token: string) => number | undefined;
  /** All ids are below this number. */
  readonly idLimit: number;
}

/**
 * Reads the layout of one text or two texts from a post-processor. `json` is the field of tokenizer.json, null if there is none. Throws
 * `invalid_format` if the layout lacks a text or has it twice, or names a token that doesn't exist.
 */
export function readLayout(json: unknown, texts: 1 | 2, tokens: Tokens): Layout {
  const [adding, ...others] = processors(json).filter((processor) => processor.type !== 'ByteLevel');
  if (others.length > 0) throw invalid('expected one rule that adds special tokens');
  const layout = adding === undefined ? bareLayout(texts) : layoutOf(adding, texts, tokens);
  for (let text = 0; text < texts; text++) {
    const times = layout.filter((piece) => 'text' in piece && piece.text === text).length;
    if (times !== 1) throw invalid(`expected ${texts === 1 ? 'the text' : 'each of two texts'} once, got ${times}`);
  }
  const added = layout.filter((piece) => 'id' in piece);
  if (added.length > MAX_SPECIAL_TOKENS) {
    throw invalid(`expected at most ${MAX_SPECIAL_TOKENS} special tokens, got ${added.length}`);
  }
  for (const { id } of added) {
    if (!isIntegerBelow(id, tokens.idLimit)) throw invalid(`expected ids from 0 to ${tokens.idLimit - 1}, got ${id}`);
  }
  return layout;
}

/** Returns the special tokens before and after the text in a layout of one text. */
export function specialTokensAround(layout: Layout): { readonly before: number[]; readonly after: number[] } {
  const at = layout.findIndex((piece) => 'text' in piece);
  const idsOf = (pieces: Layout): number[] => pieces.flatMap((piece) => ('id' in piece ? [piece.id] : []));
  return { before: idsOf(layout.slice(0, at)), after: idsOf(layout.slice(at)) };
}

function processors(json: unknown): readonly JsonObject[] {
  if (json === null) return [];
  if (!isJsonObject(json)) throw invalid('expected an object');
  if (json.type !== 'Sequence') return [json];
  if (!Array.isArray(json.processors)) throw invalid('processors: expected a list');
  return json.processors.flatMap(processors);
}

function bareLayout(texts: 1 | 2): Layout {
  return Array.from({ length: texts }, (_, text) => ({ text, type: text }));
}

function layoutOf(json: JsonObject, texts: 1 | 2, tokens: Tokens): Layout {
  if (json.type === 'TemplateProcessing') return templateLayout(json, texts, tokens);
  if (json.type !== 'BertProcessing' && json.type !== 'RobertaProcessing') {
    throw invalid('expected TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or a Sequence of them');
  }
  const [cls, sep] = [specialId('cls', json.cls), specialId('sep', json.sep)];
  const first = [
    { id: cls, type: 0 },
    { text: 0, type: 0 },
    { id: sep, type: 0 },
  ];
  if (texts === 1) return first;
  if (json.type === 'BertProcessing') return [...first, { text: 1, type: 1 }, { id: sep, type: 1 }];
  return [...first, { id: sep, type: 0 }, { text: 1, type: 0 }, { id: sep, type: 0 }];
}

/** Returns the id of a special token, given as `['[CLS]', 101]`. */
function specialId(what: string, value: unknown): number {
  const [, id] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof id === 'number') return id;
  throw invalid(`${what}: expected a token and its id`);
}

function templateLayout(json: JsonObject, texts: 1 | 2, tokens: Tokens): Layout {
  const name = texts === 1 ? 'single' : 'pair';
  const items = json[name];
  if (!Array.isArray(items)) throw invalid(`${name}: expected a list`);
  return items.flatMap((item: unknown): Layout => {
    const { Sequence: place, SpecialToken: special }: JsonObject = isJsonObject(item) ? item : {};
    if (isJsonObject(place) && (place.id === 'A' || (place.id === 'B' && texts === 2))) {
      return [{ text: place.id === 'A' ? 0 : 1, type: typeOf(place) }];
    }
    if (!isJsonObject(special) || typeof special.id !== 'string') {
      throw invalid(`${name}: expected special tokens and ${texts === 1 ? 'the text A' : 'the texts A and B'}`);
    }
    const type = typeOf(special);
    return idsOf(special.id, json.special_tokens, tokens).map((id) => ({ id, type }));
  });
}

/**
 * Returns the ids that the template lists for a token, which may differ from the vocabulary's. Without an entry, returns the vocabulary's
 * id.
 */
function idsOf(token: string, special: unknown, { idOf }: Tokens): readonly number[] {
  const known = isJsonObject(special) && Object.hasOwn(special, token) ? special[token] : undefined;
  const ids: unknown = isJsonObject(known) ? known.ids : [idOf(token)];
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'number')) return ids;
  throw invalid(`expected ids of its special token ${JSON.stringify(token.slice(0, 40))}`);
}

function typeOf(piece: JsonObject): number {
  const type = piece.type_id ?? 0;
  if (isIntegerBelow(type, MAX_TYPES)) return type;
  throw invalid(`type_id: expected an integer from 0 to ${MAX_TYPES - 1}`);
}

function isIntegerBelow(value: unknown, limit: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < limit;
}

function invalid(problem: string): WebVeraError {
  return invalidTokenizer(`post_processor: ${problem}`);
}
