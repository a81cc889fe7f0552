import { describe, expect, test } from 'vitest';
import { allTunableKernels } from '../../../src/adapters/adapter_kinds';
import { adapterKey, type KernelAdapter, type KernelChoice } from '../../../src/core/kernels/kernel_choice';
import { kernelVersion } from '../../../src/gpu/choice/kernel_version';
import { MemoryStore } from '../../../src/store/blob_store';
import { StoreError } from '../../../src/store/store_error';
import type { OpenDevice } from '../../../src/worker/models/device';
import { RunKernels } from '../../../src/worker/models/run_kernels';
import { SessionKernels } from '../../../src/worker/models/session_kernels';
import type { OpenOptions } from '../../../src/worker/protocol';
import { LLVMPIPE } from '../../helpers/gpu/devices';

const version = await kernelVersion(allTunableKernels());
const { vendor, architecture, description, features } = LLVMPIPE;
const adapter: KernelAdapter = { vendor, architecture, description, features, limits: { maxBufferSize: 1 } };
const choice: KernelChoice = { version, adapter, variants: { linear: 'wide', attention: 'serial' } };

/** Makes a fake device that runs no programs. */
function device(): OpenDevice {
  return { executor: { chosen: {} }, host: { info: LLVMPIPE, adapter } } as unknown as OpenDevice;
}

async function begin(wanted: OpenOptions['kernels'], store = new MemoryStore()) {
  const warnings: string[] = [];
  const kernels = new SessionKernels(wanted, store, ({ code }) => void warnings.push(code));
  const opened = device();
  await kernels.begin(opened);
  return {
    used: opened.executor.chosen,
    choice: await kernels.choice(),
    tunes: kernels.tuning() !== undefined,
    warnings,
  };
}

async function storing(value: unknown): Promise<MemoryStore> {
  const store = new MemoryStore();
  await store.setMany([[`kernels/${adapterKey(adapter)}`, value]]);
  return store;
}

/** A store that can't be read. */
class BrokenStore extends MemoryStore {
  override get(): Promise<never> {
    return Promise.reject(new StoreError('storage_unavailable', 'gone'));
  }
}

test("the default is the table, and the store isn't read", async () => {
  for (const wanted of [undefined, 'default'] as const) {
    const opened = await begin(wanted, new BrokenStore());
    expect(opened).toEqual({ used: {}, choice: { version, adapter, variants: {} }, tunes: false, warnings: [] });
  }
});

test('a given choice is used, and not tuned', async () => {
  const opened = await begin(choice);
  expect(opened).toEqual({ used: choice.variants, choice, tunes: false, warnings: [] });
});

describe('tuned', () => {
  test('what is stored for this adapter and these shaders is used', async () => {
    const opened = await begin('tuned', await storing(choice));
    expect(opened).toEqual({ used: choice.variants, choice, tunes: false, warnings: [] });
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a choice for other shaders', { ...choice, version: '0'.repeat(32) }],
    ['a choice of another adapter', { ...choice, adapter: { ...adapter, limits: { maxBufferSize: 2 } } }],
    ['a kernel that there is not', { ...choice, variants: { matmul: 'wide' } }],
    ['no choice at all', 'wide'],
    ['half a choice', { version, adapter }],
  ])('%s in the store is ignored: kernels are measured', async (_, value) => {
    const opened = await begin('tuned', value === undefined ? new MemoryStore() : await storing(value));
    expect(opened).toEqual({ used: {}, choice: { version, adapter, variants: {} }, tunes: true, warnings: [] });
  });

  test('a store that fails gives a warning, and tuning continues', async () => {
    expect(await begin('tuned', new BrokenStore())).toMatchObject({ tunes: true, warnings: ['storage_unavailable'] });
  });
});

describe('a run that is resumed', () => {
  const other = { ...choice, variants: { linear: 'register' } };

  async function resuming(wanted: OpenOptions['kernels'], made: KernelChoice, store = new MemoryStore()) {
    const warnings: string[] = [];
    const kernels = new SessionKernels(wanted, store, ({ code }) => void warnings.push(code));
    const opened = device();
    await kernels.begin(opened);
    const session = opened.executor.chosen;
    const run = new RunKernels(kernels);
    await run.resume(made);
    expect(opened.executor.chosen).toBe(session);
    expect(await run.choice()).toEqual({ version, adapter, variants: run.runner.chosen });
    return { used: run.runner.chosen, tunes: run.tuning() !== undefined, warnings };
  }

  test.each([undefined, 'default', 'tuned'] as const)('uses its own kernels: %s', async (wanted) => {
    const resumed = { used: choice.variants, tunes: false, warnings: [] };
    expect(await resuming(wanted, choice)).toEqual(resumed);
    expect(await resuming(wanted, choice, await storing(other))).toEqual(resumed);
  });

  test("doesn't use them if the page has chosen others, with a warning", async () => {
    expect(await resuming(choice, choice)).toEqual({ used: choice.variants, tunes: false, warnings: [] });
    expect(await resuming(choice, other)).toEqual({ used: choice.variants, tunes: false, warnings: ['other_kernels'] });
  });

  test.each<[string, KernelChoice]>([
    ['shaders', { ...other, version: '0'.repeat(32) }],
    ['another adapter', { ...other, adapter: { ...adapter, description: 'another' } }],
  ])('from other %s uses the session’s, with a warning', async (_, made) => {
    expect(await resuming('default', made)).toEqual({ used: {}, tunes: false, warnings: ['other_kernels'] });
    expect(await resuming('tuned', made)).toEqual({ used: {}, tunes: true, warnings: ['other_kernels'] });
  });
});
