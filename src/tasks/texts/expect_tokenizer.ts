import { WebVeraError } from '../../core/errors/error';
import type { TextTokenizer } from '../../tokenizer/tokenizer';

/** Returns the tokenizer. Throws `invalid_argument` if the model has none, naming the `fields` of an example that needs no tokenizer. */
export function expectTokenizer(tokenizer: TextTokenizer | undefined, where: string, fields: string): TextTokenizer {
  if (tokenizer !== undefined) return tokenizer;
  throw new WebVeraError('invalid_argument', `${where}: expected { ${fields} }, because the model has no tokenizer`, {
    hint: 'Load the model from a source that holds tokenizer.json, or pass token ids.',
  });
}
