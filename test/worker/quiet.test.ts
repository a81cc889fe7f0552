import { expect, test } from 'vitest';
import { ModelSources } from '../../src/worker/models/model_sources';
import { TokenizerLoader } from '../../src/worker/models/tokenizer_loader';

const vocab = Object.fromEntries([...'abc '].map((letter, id) => [letter, id]));
const json = JSON.stringify({ version: '1.0', added_tokens: [], model: { type: 'BPE', vocab, merges: [] } });

function begin() {
  const told: number[] = [];
  const host = { emit() {}, quiet: (seconds: number) => told.push(seconds) };
  const sources = new ModelSources(host, { store: 'memory' });
  const files = new Map([['tokenizer.json', new Blob([json])]]);
  const source = sources.open(1, { files }, { progress: false }, new AbortController().signal);
  return { told, loader: new TokenizerLoader(host, sources.limits), source };
}

test('the page is told beforehand of what is done in one go, by its size', async () => {
  const { told, loader, source } = begin();
  const { encode, decode } = await loader.tokenizer(source);
  expect(told).toEqual([json.length / 2 ** 20]);
  expect(encode('abc')).toHaveLength(3);
  expect(told).toHaveLength(1);
  const long = 'abc '.repeat(2 ** 16);
  const ids = encode(long);
  expect(decode(ids).length).toBeGreaterThanOrEqual(long.length);
  expect(told.slice(1)).toEqual([long.length / 2 ** 18, ids.length / 2 ** 18]);
});
