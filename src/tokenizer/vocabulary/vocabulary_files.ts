import { Fields, type JsonObject } from '../../core/input/fields';
import { namedTokens, specialToken } from '../special_tokens';
import { expectVocabulary, tokenizerClassOf } from './tokenizer_classes';

/** A tokenizer's files in a folder without tokenizer.json, as in folders of models from before 2020. */
export interface VocabularyFiles {
  /** vocab.json and the text of merges.txt, or the text of vocab.txt. */
  readonly vocabulary: { readonly json: JsonObject; readonly merges: string } | { readonly lines: string };
  /** tokenizer_config.json */
  readonly config: JsonObject;
  /** special_tokens_map.json, which overrides tokenizer_config.json. */
  readonly specialTokens: JsonObject;
  /** added_tokens.json */
  readonly addedTokens: JsonObject;
  /** `tokenizer_class` of config.json, used if tokenizer_config.json names no class. */
  readonly modelClass: unknown;
  /** `model_type` of config.json, used if no file names a class. */
  readonly modelType: string | undefined;
}

/** The contents of the tokenizer.json and tokenizer_config.json to which transformers converts such files. */
interface ConvertedTokenizer {
  readonly tokenizer: JsonObject;
  readonly config: JsonObject;
}

/**
 * Converts a vocabulary, with its merges if any, to the contents of tokenizer.json, as transformers' classes do. The result is as untrusted
 * as the files. Throws `unsupported_model` for unknown tokenizer classes, and for a class whose vocabulary is in another file.
 */
export function tokenizerOfVocabulary(files: VocabularyFiles): ConvertedTokenizer {
  const tokenizerClass = tokenizerClassOf([files.config.tokenizer_class, files.modelClass], files.modelType);
  expectVocabulary(tokenizerClass, 'json' in files.vocabulary ? 'vocab.json' : 'vocab.txt');
  const named = { ...tokenizerClass.tokens, ...files.config, ...files.specialTokens };
  const model = modelOf(files.vocabulary, specialToken(named, 'unk_token'));
  const added = addedTokens(model.vocab, named, files.addedTokens);
  const idOf = (key: string): readonly [string, number] => {
    const token = specialToken(named, key) ?? '';
    const { id = -1 } = added.find(({ content }) => content === token) ?? {};
    return [token, id];
  };
  return { tokenizer: { model, added_tokens: added, ...tokenizerClass.rules(named, idOf) }, config: named };
}

function modelOf(
  vocabulary: VocabularyFiles['vocabulary'],
  unk_token: string | null,
): JsonObject & { readonly vocab: JsonObject } {
  if ('json' in vocabulary) {
    const merges = linesOf(vocabulary.merges).filter((line) => line !== '' && !line.startsWith('#version'));
    return { type: 'BPE', vocab: vocabulary.json, merges };
  }
  const vocab = Object.fromEntries(linesOf(vocabulary.lines).map((token, id) => [token, id]));
  return { type: 'WordPiece', unk_token, continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab };
}

/** An entry of `added_tokens` in tokenizer.json. */
interface AddedTokenEntry {
  readonly content: string;
  readonly id: number;
  readonly special: boolean;
}

/**
 * Returns the added tokens with their ids in the vocabulary. Tokens that the vocabulary lacks get the next unused ids: first those of
 * added_tokens.json, in the order of their numbers there, then other special tokens. As in transformers, gaps between the numbers are closed.
 */
function addedTokens(vocab: JsonObject, named: JsonObject, added: JsonObject): AddedTokenEntry[] {
  const specials = namedTokens(named);
  const numbers = new Fields(added, 'added_tokens.json');
  const numbered = numbers.keys().map((content) => [content, numbers.count(content, 0)] as const);
  const listed = numbered.sort(([, a], [, b]) => a - b).map(([content]) => content);
  let next = Object.keys(vocab).length;
  return [...new Set([...listed, ...specials.keys()])].map((content) => {
    const own = Object.hasOwn(vocab, content) ? vocab[content] : undefined;
    const special = specials.has(content);
    const settings = numbers.has(content) ? { ...flags({}), normalized: !special } : flags(specials.get(content) ?? {});
    return { ...settings, content, id: typeof own === 'number' ? own : next++, special };
  });
}

/** Returns the settings that decide where a token is found in a text. */
function flags(token: JsonObject): JsonObject {
  const isSet = (key: string): boolean => token[key] === true;
  return {
    lstrip: isSet('lstrip'),
    rstrip: isSet('rstrip'),
    single_word: isSet('single_word'),
    normalized: isSet('normalized'),
  };
}

/** Splits a text into lines as Python does when it reads a file. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
