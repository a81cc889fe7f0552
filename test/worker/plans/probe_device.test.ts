import { expect, onTestFinished, test, vi } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import { probeDevice } from '../../../src/worker/plans/probe_device';

const limits = {
  maxBufferSize: 2 ** 31,
  maxStorageBufferBindingSize: 2 ** 31,
  maxComputeWorkgroupsPerDimension: 65535,
};
const info = { vendor: 'acme', architecture: 'one', description: 'Acme One', isFallbackAdapter: false };

/** A browser's limits: as in browsers, they are getters of a class. */
class Limits {
  get maxBufferSize() {
    return limits.maxBufferSize;
  }
}
for (const [name, value] of Object.entries(limits)) {
  Object.defineProperty(Limits.prototype, name, { get: () => value, enumerable: true });
}

const adapter = (changes: object = {}) =>
  ({ info, limits: new Limits(), features: new Set(['shader-f16']), ...changes }) as unknown as GPUAdapter;

function storage(manager: object): void {
  vi.stubGlobal('navigator', { storage: manager });
  onTestFinished(() => void vi.unstubAllGlobals());
}
const opfs = {
  getDirectory: async () => ({}),
  persisted: async () => true,
  estimate: async () => ({ usage: 7 }),
};

const codesOf = (issues: readonly { code: string }[]): string[] => issues.map(({ code }) => code);

test('a complete device is ready', async () => {
  storage(opfs);
  expect(await probeDevice(async () => adapter(), 'auto')).toEqual({
    level: 'ready',
    issues: [],
    gpu: {
      vendor: 'acme',
      architecture: 'one',
      description: 'Acme One',
      fallback: false,
      features: ['shader-f16'],
      limits,
    },
    storage: { kind: 'opfs', persisted: true, usage: 7 },
  });
});

test.each([
  ['software_adapter', { info: { ...info, isFallbackAdapter: true } }],
  ['software_adapter', { info: { ...info, description: 'llvmpipe (LLVM 15)' } }],
  ['small_limits', { limits: { ...limits, maxStorageBufferBindingSize: 2 ** 27 } }],
])('%s', async (code, changes) => {
  storage(opfs);
  const { level, issues } = await probeDevice(async () => adapter(changes), 'auto');
  expect(level).toBe('degraded');
  expect(codesOf(issues)).toEqual([code]);
  for (const { message, fix } of issues) expect([message, fix]).not.toContain('');
});

test("a missing GPU is reported with the error's message", async () => {
  storage(opfs);
  const error = new WebVeraError('gpu_blocked', 'The GPU crashed', { hint: 'Restart.' });
  const report = await probeDevice(() => Promise.reject(error), 'auto');
  expect(report).toMatchObject({
    level: 'unsupported',
    gpu: null,
    issues: [{ code: 'gpu_blocked', message: 'The GPU crashed', fix: 'Restart.' }],
  });
  const defect = new TypeError('a defect');
  await expect(probeDevice(() => Promise.reject(defect), 'auto')).rejects.toBe(defect);
});

test("where files can't be stored", async () => {
  // An IndexedDB that denies access, as in some private windows.
  const refusing = {
    open() {
      const request: { onerror?: (event: unknown) => void } = {};
      queueMicrotask(() => request.onerror?.('refused'));
      return request;
    },
  };
  storage({});
  vi.stubGlobal('indexedDB', refusing);
  const none = await probeDevice(async () => adapter(), 'auto');
  expect([none.storage, codesOf(none.issues)]).toEqual([
    { kind: 'memory', persisted: false, usage: 0 },
    ['storage_unavailable'],
  ]);
  const asked = await probeDevice(async () => adapter(), 'memory');
  expect([asked.level, asked.storage.kind]).toEqual(['ready', 'memory']);
  const { IDBFactory } = await import('fake-indexeddb');
  vi.stubGlobal('indexedDB', new IDBFactory());
  const values = await probeDevice(async () => adapter(), 'auto');
  expect([values.storage.kind, codesOf(values.issues)]).toEqual(['indexeddb', ['no_opfs']]);
});
