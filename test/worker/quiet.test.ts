import { expect, test } from 'vitest';
import { SessionModels } from '../../src/worker/models/session_models';

const vocab = Object.fromEntries([...'abc '].map((letter, id) => [letter, id]));
const json = JSON.stringify({ version: '1.0', added_tokens: [], model: { type: 'BPE', vocab, merges: [] } });

function begin() {
  const told: number[] = [];
  const models = new SessionModels({ emit() {}, quiet: (seconds) => told.push(seconds) }, { store: 'memory' });
  const files = new Map([['tokenizer.json', new Blob([json])]]);
  const source = models.open(1, { files }, { progress: false }, new AbortController().signal);
  return { told, models, source };
}

test('the page is told beforehand of what is done in one go, by its size', async () => {
  const { told, models, source } = begin();
  const { tokenizer } = await models.loadTokenizer(source);
  expect(told).toEqual([json.length / 2 ** 20]);
  const { encode, decode } = models.tokenizers.get(tokenizer);
  expect(encode('abc')).toHaveLength(3);
  expect(told).toHaveLength(1);
  const long = 'abc '.repeat(2 ** 16);
  const ids = encode(long);
  expect(decode(ids).length).toBeGreaterThanOrEqual(long.length);
  expect(told.slice(1)).toEqual([long.length / 2 ** 18, ids.length / 2 ** 18]);
});
