import { expect, test } from 'vitest';
import { BaseModelLoader } from '../../src/worker/models/loading/base_model_loader';
import { ModelSources } from '../../src/worker/models/loading/model_sources';
import { ggufBytes } from '../helpers/bytes/gguf_bytes';

const vocab = Object.fromEntries([...'abc '].map((letter, id) => [letter, id]));
const json = JSON.stringify({ version: '1.0', added_tokens: [], model: { type: 'BPE', vocab, merges: [] } });

function begin(file: readonly [name: string, content: BlobPart] = ['tokenizer.json', json]) {
  const told: number[] = [];
  const host = { emit() {}, quiet: (seconds: number) => told.push(seconds) };
  const sources = new ModelSources(host, { store: 'memory' });
  const files = new Map([[file[0], new Blob([file[1]])]]);
  const source = sources.open(1, { files }, { progress: false }, new AbortController().signal);
  return { told, loader: new BaseModelLoader(host, sources.limits), source };
}

test('before uninterrupted work the page is informed of its size', async () => {
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

test("before a GGUF file's tokenizer is built the page is informed too", async () => {
  const made = async (model: string) => {
    const fields = {
      'general.architecture': 'llama',
      'tokenizer.ggml.model': model,
      'tokenizer.ggml.tokens': ['a', 'b', 'ab'],
      'tokenizer.ggml.scores': [-1, -2, -3],
      'tokenizer.ggml.token_type': [1, 1, 1],
    };
    const file = ggufBytes({ fields });
    const { told, loader, source } = begin(['model.gguf', file]);
    const error = await loader.tokenizer(source, { gguf_file: 'model.gguf' }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { told, error, seconds: file.length / 2 ** 20 };
  };
  const { told, error, seconds } = await made('llama');
  expect(error).toBeUndefined();
  expect(told).toEqual([seconds, seconds]);
  const refused = await made('bert');
  expect(refused.error).toMatchObject({ code: 'unsupported_model' });
  expect(refused.told).toEqual([refused.seconds]);
});
