import { describe, expect, test, vi } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { PeftConfig, PeftModel } from '../../../src/page/adapters/peft_classes';
import { modelInfo, openSession } from '../session/open_session';
import { config, openVera } from './open_vera';

describe('PeftModel and PeftConfig', () => {
  test('PeftConfig.from_pretrained refuses options that only models have', async () => {
    const loading = PeftConfig.from_pretrained('org/name', { dtype: 'float16' } as never);
    const message = "PeftConfig.from_pretrained: unknown or not yet supported argument 'dtype'";
    await expect(loading).rejects.toMatchObject({ code: 'invalid_argument', message });
  });

  test('instanceof PeftModel says whether a model has adapters', async () => {
    const { base, vera } = await openVera();
    expect([base, vera, undefined].map((model) => model instanceof PeftModel)).toEqual([false, true, false]);
  });

  test('PeftConfig.from_pretrained requests only the configuration', async () => {
    const { session, fake } = await openSession(() => ({ loadConfig: async () => ({ ...config }) }));
    const read = await PeftConfig.from_pretrained({ repo: 'org/name', subfolder: 'a' }, { session });
    expect(read).toBeInstanceOf(VeraConfig);
    expect(read).toEqual(config);
    await PeftConfig.from_pretrained({ id: 'mine' }, { session, revision: 'v2' });
    expect(fake.argsOf('loadConfig').map((args) => args.slice(1))).toEqual([
      [{ repo: 'org/name', subfolder: 'a' }, { progress: false }],
      [{ id: 'mine' }, { progress: false, revision: 'v2' }],
    ]);
    await session.close();
  });
});

describe('progressbar', () => {
  const merging = (weights: number) => async (): Promise<unknown[]> => {
    const { fake, vera } = await openVera({
      unloadAdapters: async (id) => {
        for (let done = 1; done <= weights; done++) fake.emit({ type: 'merge', call: id, done, total: weights });
        return modelInfo;
      },
    });
    const console_ = vi.spyOn(console, 'info').mockImplementation(() => {});
    try {
      await vera.merge_and_unload(true);
      return console_.mock.calls.map(([line]) => line);
    } finally {
      console_.mockRestore();
    }
  };

  test('true reports each tenth on the console', async () => {
    const lines = await merging(42)();
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe('webvera: Unloading and merging model: 10% (5/42)');
    expect(lines.at(-1)).toBe('webvera: Unloading and merging model: 100% (42/42)');
    expect(await merging(3)()).toEqual([
      'webvera: Unloading and merging model: 30% (1/3)',
      'webvera: Unloading and merging model: 60% (2/3)',
      'webvera: Unloading and merging model: 100% (3/3)',
    ]);
  });

  test('true reports the end if there was nothing to merge', async () => {
    expect(await merging(0)()).toEqual(['webvera: Unloading and merging model: 100%']);
  });
});
