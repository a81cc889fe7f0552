import { afterEach, expect, test, vi } from 'vitest';
import { fetchBegun } from '../../../scripts/estimates/hub.mjs';
import { type EstimatePlan, estimate, probe, Session } from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';

const session = await Session.open({ worker: false, fetch: fetchBegun, store: 'memory' });
afterEach(() => void vi.unstubAllGlobals());

const MIB = 2 ** 20;
const small = 'facebook/opt-125m';
const args = { max_length: 256, per_device_train_batch_size: 4 };
const of = (plan: EstimatePlan, name = small) => estimate(name, { session, args, ...plan });

test('the parts add up to the whole, and no weight is read', async () => {
  const { download, gpu } = await of({ dtype: 'float16', memory: 1e12 });
  const { total, largest_buffer, ...parts } = gpu;
  expect(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(total);
  expect(Math.min(...Object.values(parts))).toBeGreaterThan(0);
  const embeddings = 2 * 50_272 * 768;
  const layers = 12 * 2 * (4 * 768 ** 2 + 2 * 768 * 3072);
  expect(gpu.weights).toBeGreaterThan(embeddings + layers);
  // Norms, biases and OPT's position embeddings stay in float32.
  expect(gpu.weights).toBeLessThan(embeddings + layers + 4 * MIB);
  expect(largest_buffer).toBe(embeddings);
  expect(download).toEqual({ total: 250_500_921, cached: 0 });
});

test('a step computes forwards, and backwards to the inputs of all frozen layers', async () => {
  const tokens = args.max_length * args.per_device_train_batch_size;
  const weights = 12 * (4 * 768 ** 2 + 2 * 768 * 3072) + 50_272 * 768;
  const { step } = await of({ memory: 1e12 });
  expect(step.seconds).toBeUndefined();
  // Each weight takes two operations for each token in each direction. Attention and trained tensors take the rest.
  expect(step.flops / (4 * weights * tokens)).toBeGreaterThan(1);
  expect(step.flops / (4 * weights * tokens)).toBeLessThan(1.5);
  const twice = await of({ memory: 1e12, args: { ...args, gradient_accumulation_steps: 2 } });
  // With two micro-batches, everything runs twice except the optimiser's update.
  expect(twice.step.flops / step.flops).toBeCloseTo(2, 1);
});

test.each<readonly [string, EstimatePlan, EstimatePlan]>([
  ['halves', { dtype: 'float16' }, { dtype: 'float32' }],
  ['checkpointing', { args: { ...args, gradient_checkpointing: true } }, {}],
  ['shorter texts', { args: { ...args, max_length: 64 } }, {}],
  ['smaller batches', { args: { ...args, per_device_train_batch_size: 2 } }, {}],
  ['a lower rank', { peft_config: { r: 16 } }, { peft_config: { r: 1024 } }],
])('%s take less', async (_, less, more) => {
  const [one, two] = await Promise.all([less, more].map((plan) => of({ memory: 1e12, ...plan })));
  expect(one!.gpu.total).toBeLessThan(two!.gpu.total);
});

test('a classifier on pooled hidden states has no pooler', async () => {
  const { files } = goldenBase('base/bert');
  const config = JSON.parse(await files.get('config.json')!.text());
  const bytesOf = async (architecture: string, plan: EstimatePlan) => {
    const changed = new Blob([JSON.stringify({ ...config, architectures: [architecture] })]);
    return (await estimate({ files: new Map([...files, ['config.json', changed]]) }, { session, ...plan })).gpu;
  };
  const own = await bytesOf('BertForSequenceClassification', {});
  const pooled = await bytesOf('BertForSequenceClassification', { pooling: 'mean' });
  expect(own.weights - pooled.weights).toBe(4 * (config.hidden_size + 1) * config.hidden_size);
  expect(await bytesOf('BertModel', { pooling: 'mean' })).toEqual(pooled);
  expect(await bytesOf('PooledForSequenceClassification', { pooling: 'none' })).toEqual(own);
  await expect(bytesOf('BertModel', { pooling: 'average' as 'mean' })).rejects.toMatchObject({
    code: 'invalid_argument',
  });
});

test('suggestions fit, and make the same update', async () => {
  const plan = { dtype: 'float16', memory: 600 * MIB } as const;
  const { verdict, reasons, suggestions } = await of(plan);
  expect(verdict).toBe('does-not-fit');
  expect(reasons[0]).toMatch(/^The run takes \d+ MiB of GPU memory, of 600 MiB$/);
  expect(suggestions.length).toBeGreaterThan(0);
  for (const change of suggestions) {
    expect((await of({ ...plan, args: { ...args, ...change } })).verdict).not.toBe('does-not-fit');
    const { per_device_train_batch_size: size = 4, gradient_accumulation_steps: parts = 1 } = change;
    expect(size * parts).toBe(4);
  }
});

test.each([
  ['an iPhone', { userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X)' }, 'does-not-fit'],
  ['an iPad', { userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', maxTouchPoints: 5 }, 'does-not-fit'],
  ['a Mac', { userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', maxTouchPoints: 0 }, 'tight'],
  ['2 GiB', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', deviceMemory: 2 }, 'tight'],
  ['8 GiB', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', deviceMemory: 8 }, 'fits'],
])('known memory: %s', async (_, navigator, verdict) => {
  vi.stubGlobal('navigator', navigator);
  const long = { max_length: 512, per_device_train_batch_size: 4 };
  expect((await of({ args: long })).verdict).toBe(verdict);
});

test('a matrix that can’t be cut doesn’t fit', async () => {
  // OPT's position embeddings can't be sharded.
  const limits = { maxBufferSize: MIB, maxStorageBufferBindingSize: MIB, maxComputeWorkgroupsPerDimension: 65535 };
  const adapter = { info: {}, limits, features: new Set() };
  const gpu = { requestAdapter: async () => adapter } as unknown as GPU;
  const tiny = await Session.open({ worker: false, gpu, fetch: fetchBegun, store: 'memory' });
  const { verdict, reasons } = await estimate('facebook/opt-125m', { session: tiny, memory: 1e12 });
  expect([verdict, reasons.length]).toEqual(['does-not-fit', 1]);
  await tiny.close();
});

test('models that can’t be loaded or trained are refused with the same errors', async () => {
  await expect(of({}, 'nobody/nothing')).rejects.toMatchObject({ code: 'not_found' });
  await expect(of({ peft_config: { target_modules: ['nothing'] } })).rejects.toMatchObject({
    code: 'invalid_argument',
  });
  await expect(of({ peft_config: { r: 0 } })).rejects.toMatchObject({ code: 'invalid_argument' });
  await expect(of({ args: { max_length: 1 } })).rejects.toMatchObject({ code: 'invalid_argument' });
  await expect(of({ memory: -1 })).rejects.toMatchObject({ code: 'invalid_argument' });
  const { files } = goldenBase('base/llama');
  const config = new Blob([JSON.stringify({ ...JSON.parse(await files.get('config.json')!.text()), hidden_size: 16 })]);
  const other = { files: new Map([...files, ['config.json', config]]) };
  await expect(estimate(other, { session })).rejects.toMatchObject({ code: 'invalid_format' });
  const deep = new Blob([
    JSON.stringify({ ...JSON.parse(await files.get('config.json')!.text()), num_hidden_layers: 1000 }),
  ]);
  const promising = { files: new Map([...files, ['config.json', deep]]) };
  await expect(estimate(promising, { session })).rejects.toMatchObject({ code: 'limit_exceeded' });
});

test('an aborted estimate rejects with the reason', async () => {
  const reason = new Error('enough');
  await expect(of({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('probe reports a missing GPU, and rejects only for wrong arguments', async () => {
  const report = await probe({ session });
  expect(report).toMatchObject({
    level: 'unsupported',
    gpu: null,
    issues: [{ code: 'unsupported_device', fix: expect.stringContaining('openDawn') }],
    storage: { kind: 'memory' },
  });
  const closed = await Session.open({ worker: false, store: 'memory' });
  await closed.close();
  await expect(probe({ session: closed })).rejects.toMatchObject({ code: 'invalid_argument' });
  await expect(probe({ sesion: session } as object)).rejects.toMatchObject({ code: 'invalid_argument' });
});

test('probe reports that no worker can be started', async () => {
  vi.stubGlobal(
    'Worker',
    class {
      constructor() {
        throw new DOMException('refused', 'SecurityError');
      }
    },
  );
  expect((await probe()).level).toBe('unsupported');
});
