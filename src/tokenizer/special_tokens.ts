import { isJsonObject, type JsonObject } from '../core/input/fields';

/** The fields of tokenizer_config.json that name a special token, in the order in which tokens that the vocabulary lacks get new ids. */
const KEYS = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/** Returns the text of a special token, which the config gives as a string or in an object. */
export function specialToken(config: JsonObject, key: string): string | null {
  const value = Object.hasOwn(config, key) ? config[key] : null;
  const content = isJsonObject(value) ? value.content : value;
  return typeof content === 'string' ? content : null;
}

/** Returns the special tokens that a config names, by their texts, with the settings that it gives them. */
export function namedTokens(config: JsonObject): Map<string, JsonObject> {
  const { additional_special_tokens: more } = config;
  const tokens = new Map<string, JsonObject>();
  for (const token of [...KEYS.map((key) => config[key]), ...(Array.isArray(more) ? more : [])]) {
    const content = specialToken({ token }, 'token');
    if (content) tokens.set(content, isJsonObject(token) ? token : {});
  }
  return tokens;
}
