import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import { readFile } from '../../../src/core/input/file_source';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import type { SessionDevice } from '../../../src/worker/models/device';
import { ModelSources } from '../../../src/worker/models/loading/model_sources';
import { planCalls } from '../../../src/worker/plans/session_plans';
import type { WireSource } from '../../../src/worker/protocol';
import { Calls } from '../../../src/worker/rpc/calls';
import { FaultyServer } from '../../hub/faulty_server';
import { COMMIT, Device } from '../storage/keeping';

const folder = 'test/golden/base/llama';
const [MODEL, TOKENIZER] = ['model.safetensors', 'tokenizer.json'];
const files: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  'config.json': new Uint8Array(readFileSync(`${folder}/config.json`)),
  [MODEL]: new Uint8Array(readFileSync(`${folder}/${MODEL}`)),
  // Estimates don't read this file.
  [TOKENIZER]: new Uint8Array(1000),
};
const sizeOf = (file: string): number => files[file]?.length ?? 0;
const total = sizeOf(MODEL) + sizeOf(TOKENIZER);
const noGpu = { adapter: () => Promise.reject(new WebVeraError('unsupported_device', 'There is none')) };
const request = {
  config: { peft_type: 'VERA', r: 4 },
  args: resolveTrainingArguments({ max_length: 16 }),
  adapters: 1,
  load: { progress: false },
  memory: { bytes: 2 ** 30, from: 'given' },
  measure: false,
} as const;
let server: FaultyServer;
let device: Device;
let sources: ModelSources;

beforeEach(async () => {
  server = await FaultyServer.start(files);
  server.always = { headers: { 'x-repo-commit': COMMIT } };
  device = new Device();
  sources = new ModelSources({ emit() {} }, { store: 'auto', remoteHost: server.url }, { cache: device.store });
});
afterEach(() => server.close());

async function downloadOf(source: WireSource, from = sources) {
  const device = noGpu as unknown as SessionDevice;
  const parts = { calls: new Calls(() => {}), device, sources: from, options: { store: 'auto' } } as const;
  return (await planCalls.estimate.call(parts, 1, source, request)).download;
}

async function load(file: string): Promise<void> {
  const open = sources.open(2, 'a/b', request.load, new AbortController().signal);
  await readFile(open, file, 1e8);
}

test('an estimate reports the cached part of a download', async () => {
  const { cached, ...rest } = await downloadOf('a/b');
  expect(rest).toEqual({ total });
  // The estimate downloaded and cached the beginning of the weights.
  const [record] = (await device.store.list()).filter(({ file }) => file === MODEL);
  expect(cached).toBe(record?.bytes);
  await load(TOKENIZER);
  expect((await downloadOf('a/b')).cached).toBe((record?.bytes ?? 0) + sizeOf(TOKENIZER));
  await load(MODEL);
  expect(await downloadOf('a/b')).toEqual({ total, cached: total });
  expect((await downloadOf({ repo: 'a/b', revision: COMMIT })).cached).toBe(total);
});

test("damaged copies don't count as cached", async () => {
  await load(MODEL);
  const [record] = await device.store.list();
  await device.store.set({ ...record!, state: 'corrupt' });
  const kept = sources.open(3, 'a/b', request.load, new AbortController().signal);
  expect(await kept.cachedBytes?.(MODEL)).toBe(0);
});

test('a session in memory caches nothing, and given files are all here', async () => {
  const inMemory = new ModelSources({ emit() {} }, { store: 'memory', remoteHost: server.url });
  expect(await downloadOf('a/b', inMemory)).toEqual({ total, cached: 0 });
  const given = new Map(Object.entries(files).map(([name, bytes]) => [name, new Blob([bytes])]));
  expect(await downloadOf({ files: given })).toEqual({ total, cached: total });
});
