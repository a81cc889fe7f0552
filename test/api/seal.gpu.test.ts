import { expect, test } from 'vitest';
import { AutoModelForCausalLM, AutoModelForSequenceClassification } from '../../src/index';
import { goldenBase } from '../helpers/golden/golden';
import { folderFiles, goldenFolder } from '../helpers/golden/golden_sentences';
import { within } from '../helpers/session/session';

const SEALED = {
  code: 'invalid_argument',
  message: 'Expected a session that is not sealed, as this needs the network',
  hint: expect.stringContaining('{ files }'),
};

test('a sealed session makes no request, and loads files', async () => {
  let asked = 0;
  const fetch = async (): Promise<Response> => {
    asked++;
    return new Response('{}');
  };
  await within({ fetch }, async ({ session }) => {
    await session.seal();
    const url = new URL('https://models.example/tiny/');
    await expect(AutoModelForCausalLM.from_pretrained(url, { session })).rejects.toMatchObject(SEALED);
    expect(asked).toBe(0);
    const model = await AutoModelForCausalLM.from_pretrained(goldenBase('base/llama'), { session });
    expect(model.config.model_type).toBe('llama');
  });
});

test('a download that is in progress makes no further request', async () => {
  const { files } = goldenBase('base/llama');
  const asked: string[] = [];
  let seal = async (): Promise<void> => {};
  const fetch = async (input: unknown): Promise<Response> => {
    const name = String(input).split('/').at(-1) ?? '';
    asked.push(name);
    await seal();
    return new Response(files.get(name) ?? null, { status: files.has(name) ? 200 : 404 });
  };
  await within({ fetch }, async ({ session }) => {
    seal = () => session.seal();
    const url = new URL('https://models.example/tiny/');
    await expect(AutoModelForCausalLM.from_pretrained(url, { session })).rejects.toMatchObject(SEALED);
    expect(asked).toEqual(['config.json']);
  });
});

test('the layers after a pooling are read at the seal, if no load needed them', async () => {
  const { files } = folderFiles(goldenFolder('BERT, a layer after cls, as in LaBSE'));
  const asked: string[] = [];
  const fetch = async (input: unknown): Promise<Response> => {
    const [, name = ''] = String(input).split('https://models.example/tiny/');
    asked.push(name);
    return new Response(files.get(name) ?? null, { status: files.has(name) ? 200 : 404 });
  };
  await within({ fetch }, async ({ session }) => {
    const options = { session, pooling: 'none' as const, num_labels: 3 };
    const url = new URL('https://models.example/tiny/');
    const model = await AutoModelForSequenceClassification.from_pretrained(url, options);
    expect(asked.filter((name) => /2_Dense.*(?:bin|safetensors)/.test(name))).toEqual([]);
    await session.seal();
    expect((await model.embed(['a']))[0]).toHaveLength(10);
  });
});
