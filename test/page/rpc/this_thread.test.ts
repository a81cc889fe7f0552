import { readFileSync } from 'node:fs';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, expect, test, vi } from 'vitest';
import { adapters, Session, VeraConfig } from '../../../src/index';
import '../../../src/worker/worker_session'; // loaded before the tests, because loading it is slow

afterEach(() => vi.unstubAllGlobals());

const folder = new URL('../../golden/cases/llama_qvud_big/adapter_noproj/', import.meta.url);
const read = (name: string): Blob => new Blob([readFileSync(new URL(name, folder))]);
const files = {
  'adapter_config.json': read('adapter_config.json'),
  'adapter_model.safetensors': read('adapter_model.safetensors'),
};

test('a session in this thread keeps adapters for the next one', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  const first = await Session.open({ worker: false });
  const imported = await adapters.import(files, 'mine', { session: first });
  expect(imported.bytes).toBe(files['adapter_config.json'].size + files['adapter_model.safetensors'].size);
  await first.close();

  const session = await Session.open({ worker: false });
  const [info, ...others] = await adapters.list({ session });
  expect(others).toEqual([]);
  expect(info).toMatchObject({ id: 'mine', created_at: imported.created_at });
  expect(info?.config).toBeInstanceOf(VeraConfig);
  const got = await adapters.get('mine', { session });
  for (const name of ['adapter_config.json', 'adapter_model.safetensors'] as const) {
    expect(await got?.[name].arrayBuffer()).toEqual(await files[name].arrayBuffer());
  }
  const bad = { ...files, 'adapter_model.safetensors': new Blob(['nothing']) };
  await expect(adapters.import(bad, 'mine', { session })).rejects.toMatchObject({ code: 'invalid_format' });
  expect(await adapters.list({ session })).toHaveLength(1);
  await adapters.delete('mine', { session });
  expect(await adapters.list({ session })).toEqual([]);
  await session.close();
});

test('without IndexedDB adapters are in memory, with a warning at the first save', async () => {
  const session = await Session.open({ worker: false });
  const warnings: string[] = [];
  session.addEventListener('warning', ({ code }) => warnings.push(code));
  await adapters.import(files, 'mine', { session });
  expect(await adapters.list({ session })).toHaveLength(1);
  expect(warnings).toEqual(['storage_unavailable']);
  await session.close();
});
