import { embed, embedMany } from 'ai';
import { expect, test } from 'vitest';
import { embeddingModel } from '../../src/ai';
import { tokenizer } from './writer';

test('texts are embedded, one or many in one call, with usage', async () => {
  const asked: unknown[] = [];
  const model = embeddingModel(
    {
      embed: async (inputs, options) => {
        asked.push([inputs, options]);
        return inputs.map(({ length }) => Float32Array.of(length, 0.5));
      },
      tokenizer,
    },
    { adapter_name: 'mine' },
  );
  const { embedding, usage } = await embed({ model, value: 'whale' });
  expect({ embedding, usage }).toEqual({ embedding: [5, 0.5], usage: { tokens: 5 } });
  const { embeddings } = await embedMany({ model, values: ['a', 'ab'] });
  expect(embeddings).toEqual([
    [1, 0.5],
    [2, 0.5],
  ]);
  expect(asked).toMatchObject([
    [['whale'], { adapter_name: 'mine' }],
    [['a', 'ab'], {}],
  ]);
  const { warnings } = await model.doEmbed({ values: ['a'], dimensions: 8 });
  expect(warnings).toMatchObject([{ type: 'unsupported', feature: 'dimensions' }]);
});

test('no texts have no vectors, and no tokens', async () => {
  const embed = () => Promise.reject(new Error('expected at least one text'));
  for (const model of [{ embed, tokenizer }, { embed }]) {
    const { embeddings, usage } = await embedMany({ model: embeddingModel(model), values: [] });
    expect({ embeddings, usage }).toEqual({ embeddings: [], usage: { tokens: 0 } });
  }
});

test('tokens of texts are counted one text after the other, and vectors stay if they can’t be counted', async () => {
  let [running, most] = [0, 0];
  const counted: string[] = [];
  const controller = new AbortController();
  const encode = async (text: string): Promise<number[]> => {
    most = Math.max(most, ++running);
    await undefined;
    running--;
    counted.push(text);
    if (text === 'long') throw new Error('timeout');
    if (text === 'stop') controller.abort();
    return [1, 2];
  };
  const vectors = async (inputs: readonly string[]) => inputs.map(({ length }) => Float32Array.of(length));
  const model = embeddingModel({ embed: vectors, tokenizer: { ...tokenizer, encode } });
  expect(await model.doEmbed({ values: ['a', 'b', 'c'] })).toMatchObject({ usage: { tokens: 6 } });
  expect(most).toBe(1);
  const answer = await model.doEmbed({ values: ['a', 'long', 'b'] });
  expect(answer).toMatchObject({ embeddings: [[1], [4], [1]] });
  expect(answer).not.toHaveProperty('usage');
  const { signal: abortSignal } = controller;
  await expect(model.doEmbed({ values: ['stop', 'never'], abortSignal })).rejects.toMatchObject({ name: 'AbortError' });
  expect(counted).not.toContain('never');
});
