import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { get_peft_model, Trainer, type VeraModel } from '../../src/index';
import { loadTiny, loadTinyVera, tinyRow, tinyVera } from '../helpers/models/tiny_llama';
import { openTestSession, type TestSession } from '../helpers/session/session';
import { withResolvers } from '../helpers/with_resolvers';

const rows = [tinyRow(30), tinyRow(90, 1)];

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());
beforeEach(() => {
  expect(opened.liveBytes()).toBe(0);
});

const train = (model: VeraModel, max_steps: number) =>
  new Trainer({ model, args: { max_steps, per_device_train_batch_size: 1 }, train_dataset: rows }).train();

/** Trains the model, runs it, generates, reads its weights, and disables its adapter. */
async function useAll(model: VeraModel): Promise<void> {
  await train(model, 2);
  await model.forward({ input_ids: [rows[0]!.input_ids], labels: [rows[0]!.input_ids] });
  await model.generate([3, 4], { max_new_tokens: 3 });
  await model.state_dict();
  await model.disable_adapter(() => model.forward({ input_ids: [[3]] }));
}

const aborted = { name: 'AbortError' };
/** Resolves at the first event of the run. */
async function begun(run: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of run) return;
}

test('loading, training and disposing again and again stays flat and leaves nothing', async () => {
  const peaks: number[] = [];
  for (let round = 0; round < 10; round++) {
    const model = await loadTinyVera(opened);
    await useAll(model);
    peaks.push((await model.memory()).peak_gpu_bytes);
    expect((await model.memory()).gpu_bytes).toBe(opened.liveBytes());
    await model.dispose();
    expect(opened.liveBytes()).toBe(0);
  }
  expect(new Set(peaks).size).toBe(1);
});

test('every model reports the memory of the whole session', async () => {
  const first = await loadTinyVera(opened);
  const alone = await first.memory();
  const second = await loadTinyVera(opened);
  const both = await first.memory();
  expect(await second.memory()).toEqual(both);
  expect(both.gpu_bytes).toBe(opened.liveBytes());
  expect(both.gpu_bytes).toBeGreaterThan(alone.gpu_bytes);
  expect(both.peak_gpu_bytes).toBeGreaterThanOrEqual(both.gpu_bytes);
  const { metrics } = await train(second, 1);
  expect(metrics.gpu_bytes).toBeGreaterThan(both.gpu_bytes);
  const after = await second.memory();
  await second.dispose();
  expect((await first.memory()).gpu_bytes).toBeLessThan(after.gpu_bytes);
  await first.dispose();
});

test('a run frees its memory', async () => {
  const model = await loadTinyVera(opened);
  await train(model, 2);
  const before = opened.liveBytes();
  await train(model, 2);
  expect(opened.liveBytes()).toBe(before);
  const stopped = train(model, 50);
  await begun(stopped);
  await stopped.stop();
  expect(opened.liveBytes()).toBe(before);
  await model.dispose();
});

test('disposing of the base model disposes of its adapters, and vice versa', async () => {
  for (const which of ['base', 'vera'] as const) {
    const base = await loadTiny(opened);
    const vera = await get_peft_model(base, tinyVera);
    await get_peft_model(base, tinyVera);
    await vera.add_adapter('second', tinyVera);
    await (which === 'base' ? base : vera).dispose();
    expect(opened.liveBytes()).toBe(0);
    for (const model of [base, vera]) {
      await expect(model.forward({ input_ids: [[3]] })).rejects.toMatchObject({ code: 'invalid_argument' });
      await model.dispose();
    }
  }
});

test('adapters share projections of one key, and deleting frees the rest', async () => {
  const base = await loadTiny(opened);
  const vera = await get_peft_model(base, tinyVera);
  // The first read allocates staging buffers that stay allocated, so it comes before the count.
  const files = await vera.save_pretrained();
  const one = opened.liveBytes();
  await vera.add_adapter('second', tinyVera);
  const vectors = opened.liveBytes() - one;
  await vera.load_adapter(files, 'third');
  expect(opened.liveBytes()).toBe(one + 2 * vectors);
  await vera.delete_adapter('second');
  await vera.delete_adapter('third');
  expect(opened.liveBytes()).toBe(one);
  await vera.delete_adapter('default');
  expect(vera.active_adapters).toEqual([]);
  expect(opened.liveBytes()).toBeLessThan(one - vectors);
  await base.dispose();
});

describe('an object that is freed while it is in use', () => {
  test('a model: its run, its text and its passes end', async () => {
    const model = await loadTinyVera(opened);
    const run = train(model, 1000);
    await begun(run);
    const generation = model.generate([3, 4], { max_new_tokens: 400, eos_token_id: null });
    await begun(generation);
    const pass = model.forward({ input_ids: [rows[1]!.input_ids] });
    const outcomes = Promise.allSettled([run, generation, pass]);
    await model.dispose();
    expect(opened.liveBytes()).toBe(0);
    const [ofRun, ofText] = await outcomes;
    expect([ofRun, ofText]).toMatchObject([{ reason: aborted }, { reason: aborted }]);
    expect(opened.session.state).toBe('ready');
  });

  test('a model: its run, with checkpoints that arrive late', async () => {
    const model = await loadTinyVera(opened);
    // Results of steps are smaller than 256 bytes, so only checkpoints are delayed.
    opened.delayReads(50, 256);
    onTestFinished(() => opened.delayReads(0));
    const run = new Trainer({ model, args: { max_steps: 1000, save_steps: 1 }, train_dataset: rows }).train();
    const outcomes = Promise.allSettled([run]);
    await begun(run);
    await model.dispose();
    expect(opened.liveBytes()).toBe(0);
    expect(await outcomes).toMatchObject([{ reason: aborted }]);
  });

  test('a base model: its own work ends, and adapters that are being added', async () => {
    const base = await loadTiny(opened);
    const generation = base.generate([3, 4], { max_new_tokens: 400, eos_token_id: null });
    await begun(generation);
    const work = [generation, base.forward({ input_ids: [[3]] }), base.state_dict(), get_peft_model(base, tinyVera)];
    const outcomes = Promise.allSettled(work);
    await base.dispose();
    expect(opened.liveBytes()).toBe(0);
    expect(await outcomes).toMatchObject([
      { reason: aborted },
      { status: 'fulfilled' },
      { status: 'fulfilled' },
      { status: 'fulfilled' },
    ]);
    expect(opened.liveBytes()).toBe(0);
  });

  test('a model: its data set is closed', async () => {
    const model = await loadTinyVera(opened);
    let closed = false;
    const asked = withResolvers();
    async function* endless() {
      try {
        asked.resolve();
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield rows[0]!;
        }
      } finally {
        closed = true;
      }
    }
    const run = new Trainer({ model, train_dataset: endless() }).train();
    const outcome = Promise.allSettled([run]);
    await asked.promise;
    await model.dispose();
    expect(await outcome).toMatchObject([{ reason: aborted }]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(closed).toBe(true);
  });

  test('an adapter: its run ends, others continue', async () => {
    const base = await loadTiny(opened);
    const [one, two] = [await get_peft_model(base, tinyVera), await get_peft_model(base, tinyVera)];
    const [ended, going] = [train(one, 1000), train(two, 12)];
    const outcome = Promise.allSettled([ended]);
    await begun(ended);
    await one.delete_adapter('default');
    expect(await outcome).toMatchObject([{ reason: aborted }]);
    expect((await going).global_step).toBe(12);
    await base.dispose();
  });

  test('a session: all work ends, and nothing remains', async () => {
    const other = await openTestSession();
    const model = await loadTinyVera(other);
    const run = train(model, 1000);
    await begun(run);
    const outcomes = Promise.allSettled([run, model.generate([3], { max_new_tokens: 100 })]);
    await other.session.close();
    expect(await outcomes).toMatchObject([{ reason: aborted }, { reason: aborted }]);
    expect(other.liveBytes()).toBe(0);
    await expect(model.forward({ input_ids: [[3]] })).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});
