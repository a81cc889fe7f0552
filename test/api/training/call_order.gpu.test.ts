import { afterAll, beforeAll, expect, test } from 'vitest';
import { get_peft_model, type PreTrainedModel, type TrainRun, VeraConfig, type VeraModel } from '../../../src/index';
import { loadTiny, tinyRow } from '../../helpers/models/tiny_llama';
import { firstLog, tinyTrainer } from '../../helpers/models/tiny_training';
import { bytesOf, openTestSession, type TestSession } from '../../helpers/session/session';

let opened: TestSession;
let base: PreTrainedModel;

beforeAll(async () => {
  opened = await openTestSession();
  base = await loadTiny(opened);
});
afterAll(() => opened.session.close());

const config = new VeraConfig({ r: 4, target_modules: ['q_proj', 'v_proj'] });

/** Returns a model with the adapters a and b. a is active. */
async function two(): Promise<VeraModel> {
  const model = await get_peft_model(base, config, 'a');
  await model.add_adapter('b', config);
  return model;
}

function train(model: VeraModel, max_steps = 4): TrainRun {
  return tinyTrainer(model, { args: { max_steps, learning_rate: 0.05, save_strategy: 'no' } }).train();
}

async function lossesOf(run: TrainRun): Promise<number[]> {
  await run;
  return run.state.log_history.map(({ loss }) => loss);
}

async function savedOf(model: VeraModel, adapter_name: string): Promise<Uint8Array> {
  return bytesOf((await model.save_pretrained({ adapter_name }))['adapter_model.safetensors']);
}

async function logitsOf(model: PreTrainedModel): Promise<Float32Array> {
  return (await model.forward({ input_ids: [tinyRow(8).input_ids] })).logits.data;
}

test('calls take effect in their order, and runs train the adapters that were active when they were called', async () => {
  const alone = await two();
  const losses = [await lossesOf(train(alone))];
  await alone.set_adapter('b');
  losses.push(await lossesOf(train(alone, 5)));
  await alone.set_adapter(['a', 'b']);
  await alone.merge_adapter();

  const model = await two();
  const first = train(model);
  const switched = model.set_adapter('b');
  const second = train(model, 5);
  const rest = [model.set_adapter(['a', 'b']), model.merge_adapter()];
  const third = train(model);
  await expect(Promise.resolve(third)).rejects.toMatchObject({ code: 'invalid_argument' }); // it was called after the merge
  await Promise.all([switched, ...rest]);
  expect([await lossesOf(first), await lossesOf(second)]).toEqual(losses);
  for (const name of ['a', 'b']) expect(await savedOf(model, name)).toEqual(await savedOf(alone, name));
  expect(model.active_adapters).toEqual(['a', 'b']);
  expect(await logitsOf(model)).toEqual(await logitsOf(alone));
});

test('adapters are disabled after the calls that were made before', async () => {
  const model = await two();
  await train(model);
  const trainer = tinyTrainer(model, { eval_dataset: [tinyRow(8)] });
  const { eval_loss } = await trainer.evaluate();
  const added = model.add_adapter('c', config); // the calls after it wait for it
  const measured = trainer.evaluate();
  const run = train(model);
  const disabled = await model.disable_adapter(() => trainer.evaluate());
  await Promise.all([added, run]);
  expect((await measured).eval_loss).toBe(eval_loss);
  expect(disabled.eval_loss).not.toBe(eval_loss);
});

test('a run in progress is no reason to wait for a model without its adapters', async () => {
  const model = await two();
  const run = train(model, 2000);
  await firstLog(run);
  expect(await model.disable_adapter(() => logitsOf(model))).toEqual(await logitsOf(base));
  await run.stop();
  expect(run.state.global_step).toBeLessThan(2000);
});

test('adapters are enabled at once, even behind a change that waits for a run', async () => {
  const model = await two();
  const run = train(model, 2000);
  await firstLog(run);
  let merged: Promise<void> | undefined;
  await model.disable_adapter(async () => {
    merged = model.merge_adapter();
  });
  expect(await logitsOf(model)).not.toEqual(await logitsOf(base));
  await run.stop();
  expect(run.state.global_step).toBeLessThan(2000);
  await merged;
});

test('a sum and a model without adapters use the results of earlier runs', async () => {
  const model = await two();
  const run = train(model);
  await model.add_weighted_adapter(['a'], [1], 'sum');
  expect(run.state.global_step).toBe(4);
  await model.set_adapter('sum');
  const trained = await logitsOf(model);
  expect(trained).not.toEqual(await logitsOf(base));
  await model.set_adapter('b');
  const other = train(model);
  const merged = await model.merge_and_unload({ adapter_names: ['sum'] });
  expect(other.state.global_step).toBe(4);
  const difference = (await logitsOf(merged)).map((logit, i) => logit - (trained[i] ?? 0));
  expect(Math.max(...difference.map(Math.abs))).toBeLessThan(1e-4);
});

test('a paused run is merged with its present values, and continues', async () => {
  const model = await two();
  const run = train(model, 500);
  await firstLog(run);
  await run.pause();
  const { global_step } = run.state;
  await model.merge_adapter();
  expect(run.state.global_step).toBe(global_step);
  await model.unmerge_adapter();
  await run.resume();
  expect((await run.stop()).global_step).toBeGreaterThanOrEqual(global_step);
});

test('a pause lets a waiting merge proceed, and its signal ends it', async () => {
  const model = await two();
  const run = train(model, 2000);
  await firstLog(run);
  const cancelled = new AbortController();
  const first = model.merge_adapter({ signal: cancelled.signal });
  let isMerged = false;
  const second = model.merge_adapter().then(() => {
    isMerged = true;
  });
  cancelled.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  // Calls that change nothing are answered during the run.
  await savedOf(model, 'b');
  expect(isMerged).toBe(false);
  await run.pause();
  await second;
  await expect(run.stop()).resolves.toMatchObject({ metrics: {} });
  expect(run.state.global_step).toBeLessThan(2000);
});

test('an adapter that is deleted ends its run at once', async () => {
  const model = await two();
  const run = train(model, 2000);
  const outcome = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
  await firstLog(run);
  await model.delete_adapter('a');
  await outcome;
  expect(model.active_adapters).toEqual(['b']);
});

test('an adapter that is deleted right after a call ends that call, too', async () => {
  const model = await two();
  const files = await model.save_pretrained({ adapter_name: 'b' });
  const eval_dataset = [tinyRow(8)];
  const trainer = tinyTrainer(model, { args: { max_steps: 4, save_strategy: 'no' }, eval_dataset });
  const before = (await model.memory()).gpu_bytes;
  const loaded = model.load_adapter(files, 'c'); // takes effect once its files are read; no later call waits for it
  const calls = [trainer.evaluate(), trainer.train()].map((call) => Promise.resolve(call).catch((error) => error));
  const deleted = model.delete_adapter('a');
  await Promise.all([loaded, deleted]);
  for (const error of await Promise.all(calls)) expect(error).toMatchObject({ name: 'AbortError' });
  await model.delete_adapter('c');
  expect((await model.memory()).gpu_bytes).toBeLessThan(before);
  await model.dispose();
});
