import { readFileSync } from 'node:fs';

/** The size of the vocabulary: single characters, and [PAD], [UNK], [CLS], [SEP] and [MASK] with the ids 0 to 4. */
export const SMALL_BERT_VOCAB = 94;

/** Returns the tokenizer.json of a BERT that has only single characters as tokens, so that a text has as many tokens as letters. */
export function smallBertTokenizerJson(): string {
  const json = JSON.parse(readFileSync('test/oracle/tokenizers/bert_uncased.json', 'utf8'));
  const vocab = Object.entries(json.model.vocab as Record<string, number>).filter(([, id]) => id < SMALL_BERT_VOCAB);
  return JSON.stringify({ ...json, model: { ...json.model, vocab: Object.fromEntries(vocab) } });
}
