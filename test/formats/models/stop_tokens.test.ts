import { expect, test } from 'vitest';
import { defaultLimits } from '../../../src/core/types/source';
import { readStopTokens } from '../../../src/formats/models/stop_tokens';
import { MemorySource } from '../../helpers/session/memory_source';

const read = (files: Record<string, string>) => {
  const encoded = Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)] as const);
  return readStopTokens(new MemorySource(Object.fromEntries(encoded)), defaultLimits, 100);
};
const generation = (fields: object) => ({ 'generation_config.json': JSON.stringify(fields) });

test.each<[object, readonly number[] | undefined]>([
  [{ eos_token_id: [32, 7] }, [32, 7]],
  [{ eos_token_id: 7, temperature: 0.6 }, [7]],
  [{ eos_token_id: null }, undefined],
  [{ eos_token_id: [] }, undefined],
  [{ eos_token_id: [100, 7] }, [7]],
  [{ eos_token_id: -1 }, undefined],
  [{}, undefined],
])('%j ends texts at %j', async (fields, ids) => {
  expect(await read(generation(fields))).toEqual(ids);
});

test('a folder without the file has the tokens of config.json', async () => {
  expect(await read({})).toBeUndefined();
});

test.each([['"7"'], ['-2'], ['0.5'], ['[[7]]'], ['1e400']])('eos_token_id of %s is malformed', async (text) => {
  const files = { 'generation_config.json': `{ "eos_token_id": ${text} }` };
  await expect(read(files)).rejects.toMatchObject({ code: 'invalid_format' });
});

test('a text that isn’t an object is malformed', async () => {
  for (const text of ['[]', 'x', '']) {
    await expect(read({ 'generation_config.json': text })).rejects.toMatchObject({ code: 'invalid_format' });
  }
});
