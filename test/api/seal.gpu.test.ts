import { expect, test } from 'vitest';
import { AutoModelForCausalLM } from '../../src/index';
import { goldenBase } from '../helpers/golden/golden';
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
