import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type KernelChoice, Session } from '../../src/index';
import { loadTiny } from '../helpers/models/tiny_llama';
import { testInAll } from '../helpers/ring';
import { numbersOf, type RunOutcome, stopAt, trained } from '../helpers/session/resumed_run';
import { type TestSession, within } from '../helpers/session/session';
import { sessionGpu } from '../helpers/session/session_gpu';

// llvmpipe takes seconds to compile a matrix product's kernel that isn't in Mesa's shader cache.
vi.setConfig({ testTimeout: 300_000 });

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const inF16 = { arithmetic: 'f16' } as const;
const losses = ({ logs }: RunOutcome): number[] => logs.map(({ loss }) => loss);
const json = (choice: KernelChoice): KernelChoice => JSON.parse(JSON.stringify(choice)) as KernelChoice;

// A loss is a mean over many tokens. Each token's loss comes from sums of hundreds of products, and each product has an error of about
// ±2⁻¹². Gradients have the same error.
const FIRST = 2 ** -12;
const CURVE = 2 ** -10;

testInAll('a run in f16 learns as one in f32 does, and its choice of kernels repeats it', async () => {
  const [exact, half] = [await trained(), await trained({ session: inF16 })];
  const apart = losses(exact).map((loss, step) => Math.abs(losses(half)[step]! - loss) / loss);
  expect(apart).toHaveLength(12);
  expect(apart[0]).toBeLessThan(FIRST);
  expect(Math.max(...apart)).toBeLessThan(CURVE);
  // Equal weights would mean that the run didn't use f16.
  expect(half.weights).not.toEqual(exact.weights);
  expect(half.kernels.adapter.features).toEqual([...exact.kernels.adapter.features, 'shader-f16']);
  const again = await trained({ session: { ...inF16, kernels: json(half.kernels) } });
  expect([again.weights, again.warnings]).toEqual([half.weights, half.warnings]);
});

testInAll('a run in f16 is resumed to the bit', async () => {
  const whole = await trained({ session: inF16 });
  vi.stubGlobal('indexedDB', new IDBFactory());
  await trained({ session: inF16, meanwhile: stopAt(5, { save: true }) });
  const later = await trained({ session: inF16, resume: true });
  expect(later.logs.map(numbersOf)).toEqual(whole.logs.map(numbersOf));
  expect(later.weights).toEqual(whole.weights);
  expect(later.warnings).toEqual(whole.warnings);
});

testInAll('a run in f16 resumes in f32 with a warning', async () => {
  await trained({ session: inF16, meanwhile: stopAt(5, { save: true }) });
  const later = await trained({ resume: true });
  expect(later.warnings).toContain('other_kernels');
  expect(later.logs).toHaveLength(12);
});

test('a choice of kernels in f16 needs a session in f16', async () => {
  const made = await within({}, ({ session }) => session.kernels());
  const kernels = { ...made, variants: { linear: 'f16' } };
  await within({ ...inF16, kernels }, async ({ session, warnings }) => {
    expect((await session.kernels()).variants).toEqual({ linear: 'f16' });
    // The choice was measured on a device without f16, which counts as another device.
    expect(warnings).toEqual(['other_kernels']);
  });
  await within({ kernels }, async ({ session }) => {
    await expect(session.kernels()).rejects.toMatchObject({
      code: 'invalid_argument',
      message: "kernels: linear: f16 needs shader-f16, which this device doesn't have",
      hint: expect.stringContaining("arithmetic: 'f16'"),
    });
  });
});

test('a device without f16 refuses, rather than compute in f32', async () => {
  const adapter = { ...(await sessionGpu().gpu.requestAdapter()), features: new Set(['subgroups']) };
  const gpu = { requestAdapter: async () => adapter } as unknown as GPU;
  const session = await Session.open({ worker: false, store: 'memory', gpu, ...inF16 });
  await expect(loadTiny({ session } as TestSession)).rejects.toMatchObject({ code: 'unsupported_device' });
  await session.close();
});

test('an unknown arithmetic is refused', async () => {
  const arithmetic = 'bf16' as 'f16';
  await expect(Session.open({ worker: false, arithmetic })).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringContaining('arithmetic'),
  });
});
