import { describe, expect, test } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { adapters } from '../../../src/page/adapters/adapters';
import { withResolvers } from '../../helpers/with_resolvers';
import { openSession } from '../session/open_session';

const config = new VeraConfig({ r: 4, target_modules: ['q_proj'] });
const files = {
  'adapter_config.json': new Blob(['{}']),
  'adapter_model.safetensors': new Blob([Uint8Array.of(1, 2)]),
};

describe('stored adapters', () => {
  const stored = { id: 'a', bytes: 10, created_at: 1000, base_model: 'org/name', config: { ...config } };

  test('are listed, read, imported, renamed and deleted', async () => {
    const { session, fake } = await openSession(() => ({
      listStored: async () => [stored],
      getStored: async (id) => (id === 'a' ? files : undefined),
      importStored: async () => stored,
      renameStored: async () => {},
      deleteStored: async () => {},
      wipeStored: async () => {},
    }));
    const [info] = await adapters.list({ session });
    expect(info).toEqual({ ...stored, config });
    expect(info?.config).toBeInstanceOf(VeraConfig);
    const got = await adapters.get('a', { session });
    expect(await got?.['adapter_config.json'].text()).toBe('{}');
    expect(await adapters.get('b', { session })).toBeUndefined();
    expect(await adapters.import(files, 'a', { session })).toEqual({ ...stored, config });
    await adapters.rename('a', 'b', { session });
    await adapters.delete('a', { session });
    await adapters.wipe({ session });
    expect(fake.argsOf('importStored')).toEqual([[files, 'a']]);
    expect(fake.argsOf('renameStored')).toEqual([['a', 'b']]);
    expect(fake.argsOf('deleteStored')).toEqual([['a']]);
    expect(fake.argsOf('wipeStored')).toEqual([[]]);
    await session.close();
  });

  test('take the files in any form, and ignore others', async () => {
    const { session, fake } = await openSession(() => ({ importStored: async () => stored }));
    const readme = new File(['# Mine'], 'README.md');
    const list = [...Object.entries(files).map(([name, file]) => new File([file], name)), readme];
    await adapters.import(new Map([...Object.entries(files), ['README.md', readme]]), 'a', { session });
    await adapters.import(list, 'a', { session });
    for (const [sent] of fake.argsOf('importStored')) expect(Object.keys(sent as object)).toEqual(Object.keys(files));
    await session.close();
  });

  test('may have the adapter_model.bin of earlier releases of PEFT', async () => {
    const { session, fake } = await openSession(() => ({ importStored: async () => stored }));
    const bin = { 'adapter_model.bin': new Blob([Uint8Array.of(3)]) };
    await adapters.import({ 'adapter_config.json': files['adapter_config.json'], ...bin }, 'a', { session });
    await adapters.import({ ...files, ...bin }, 'a', { session });
    expect(fake.argsOf('importStored').map(([sent]) => Object.keys(sent as object))).toEqual([
      ['adapter_config.json', 'adapter_model.bin'],
      Object.keys(files),
    ]);
    await session.close();
  });

  test('take only two Blobs and an id', async () => {
    const half = { 'adapter_config.json': new Blob() } as never;
    await expect(adapters.import(half, 'a')).rejects.toMatchObject({
      message: /adapter_model.safetensors: expected a Blob/,
    });
    await expect(adapters.import(undefined as never, 'a')).rejects.toMatchObject({
      message: /^files: expected PEFT's two files by their names, got undefined/,
      hint: expect.stringContaining("'adapter_model.safetensors': blob"),
    });
    await expect(adapters.import(files, '')).rejects.toMatchObject({ message: /^id: expected a string/ });
    await expect(adapters.rename('', 'b')).rejects.toMatchObject({ message: /^id: expected a string/ });
    await expect(adapters.rename('a', '')).rejects.toMatchObject({ message: /^to: expected a string/ });
    await expect(adapters.get(5 as never)).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  test('an aborted call rejects with the reason', async () => {
    const { session } = await openSession(() => ({ listStored: () => new Promise(() => {}) }));
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const listing = adapters.list({ session, signal: controller.signal });
    controller.abort(reason);
    await expect(listing).rejects.toBe(reason);
    await session.close();
  });

  test('are all deleted, and tabs hear of it, although the call was aborted meanwhile', async () => {
    const [asked, deleted, heard] = [withResolvers<void>(), withResolvers<void>(), withResolvers<unknown>()];
    const { session } = await openSession(() => ({
      wipeStored: () => {
        asked.resolve();
        return deleted.promise;
      },
    }));
    const channel = new BroadcastChannel('webvera:profiles');
    channel.onmessage = ({ data }: MessageEvent) => heard.resolve(data);
    const controller = new AbortController();
    const wiping = adapters.wipe({ session, signal: controller.signal });
    await asked.promise;
    controller.abort('enough');
    deleted.resolve();
    await expect(wiping).rejects.toBe('enough');
    expect(await heard.promise).toBe('');
    channel.close();
    await session.close();
  });
});
