import { describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import {
  get_peft_model,
  type StepLogs,
  type TrainEvent,
  Trainer,
  type TrainingArguments,
  type TrainRun,
  VeraConfig,
  type VeraConfigInit,
  type VeraModel,
} from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { changedFiles } from '../../helpers/models/random_adapter';
import { loadTiny, tinyRow } from '../../helpers/models/tiny_llama';
import { oneBrowser } from '../../helpers/session/one_browser';
import { bytesOf, type TestSession, within } from '../../helpers/session/session';

oneBrowser();

const WEIGHTS = 'adapter_model.safetensors';
const config: VeraConfigInit = { r: 8, target_modules: ['down_proj', 'q_proj', 'v_proj'] };
const names = ['ada', 'ben'] as const;

/** The rows of each person. ben has fewer, so his adapter ends training earlier. */
const data = {
  ada: Array.from({ length: 7 }, (_, index) => tinyRow(10 + 9 * index, index)),
  ben: Array.from({ length: 4 }, (_, index) => tinyRow(14 + 5 * index, 20 + index)),
};

const args: TrainingArguments = {
  per_device_train_batch_size: 2,
  num_train_epochs: 3,
  learning_rate: 0.05,
  lr_scheduler_type: 'linear',
  weight_decay: 0.01,
  max_grad_norm: 0.5,
  adam_epsilon: 1e-2,
  save_steps: 2,
};

async function people(opened: TestSession, init: VeraConfigInit = config): Promise<VeraModel> {
  const model = await get_peft_model(await loadTiny(opened), new VeraConfig(init), 'ada');
  await model.add_adapter('ben', new VeraConfig(init));
  return model;
}

async function filesOf(model: VeraModel, adapter_name: string): Promise<Uint8Array> {
  return bytesOf((await model.save_pretrained({ adapter_name }))[WEIGHTS]);
}

function numbersIn(bytes: Uint8Array): number[] {
  return [...readSafetensors(bytes).tensors.values()].flatMap((tensor) => [...new Float32Array(toFloat32(tensor))]);
}

const logsOf = (events: readonly TrainEvent[], name: string): StepLogs[] =>
  events.flatMap((event) => (event.type === 'log' && event.state.adapter === name ? [event.logs] : []));

async function stopAt(run: TrainRun, steps: number): Promise<void> {
  for await (const { state } of run) if ((run.state.global_step ?? state.global_step) >= steps) break;
  await run.stop();
}

/**
 * The two computations round differently. A sum of up to 24 terms has an error of √24 · 2⁻²⁴ ≈ 3e-7, and two layers have a dozen such sums
 * in a row, so activations and gradients differ by at most 1e-6 of their size. Losses are about 3.5. Clipped gradients are at most 0.5, and
 * an update differs by learning_rate / adam_epsilon times as much as its gradient. The rates of all steps add up to 0.33, so the vectors
 * differ by 0.33 / 1e-2 · 5e-7 ≈ 2e-5.
 */
const OF_LOSSES = 4e-6;
const OF_VECTORS = 2e-5;

test('two people have the losses, norms and vectors of their own runs', async () => {
  const separate = await within({}, async (opened) => {
    const results = [];
    for (const name of names) {
      const model = await people(opened);
      const run = new Trainer({ model, adapter_name: name, args, train_dataset: data[name] }).train();
      const logs = (await toArray(run)).flatMap((event) => (event.type === 'log' ? [event.logs] : []));
      results.push({ name, logs, output: await run, numbers: numbersIn(await filesOf(model, name)) });
    }
    return results;
  });
  await within({}, async (opened) => {
    const model = await people(opened);
    const run = new Trainer({ model, args, adapters: data }).train();
    const events = await toArray(run);
    const output = await run;
    expect(output.global_step).toBe(12 + 6);
    for (const { name, logs, output: own, numbers } of separate) {
      const joint = logsOf(events, name);
      expect(joint.map((log) => [log.step, log.learning_rate])).toEqual(
        logs.map((log) => [log.step, log.learning_rate]),
      );
      for (const [at, { loss, grad_norm }] of joint.entries()) {
        const { loss: expected = 0, grad_norm: norm = 0 } = logs[at] ?? {};
        expect(Math.abs(loss - expected), `${name}: loss ${at}`).toBeLessThan(OF_LOSSES);
        expect(Math.abs(grad_norm - norm), `${name}: norm ${at}`).toBeLessThan(OF_LOSSES * norm);
      }
      const found = numbersIn(await filesOf(model, name));
      const worst = Math.max(...found.map((value, at) => Math.abs(value - (numbers[at] ?? 0))));
      expect(worst, `${name}: vectors`).toBeLessThan(OF_VECTORS);
      expect(Math.max(...found)).toBeGreaterThan(100 * OF_VECTORS);
      expect(output.adapters?.[name]).toMatchObject({ global_step: own.global_step });
      expect(output.adapters?.[name]?.training_loss).toBeCloseTo(own.training_loss, 5);
      expect(run.state.adapters?.[name]?.log_history).toEqual(joint);
    }
  });
});

/** Trains in a session of its own, as a reopened page does. */
function trained(
  resume: boolean,
  meanwhile: (run: TrainRun, opened: TestSession) => Promise<unknown> = async () => {},
) {
  return within({ store: 'auto' }, async (opened) => {
    const model = await people(opened);
    const run = new Trainer({ model, args, adapters: data }).train({ resume_from_checkpoint: resume });
    await meanwhile(run, opened);
    const events = await toArray(run);
    await run;
    return { files: [await filesOf(model, 'ada'), await filesOf(model, 'ben')], events, state: run.state };
  });
}

const lossesOf = ({ state }: Awaited<ReturnType<typeof trained>>, name: string) =>
  state.adapters?.[name]?.log_history.map(({ loss }) => loss);

describe('a run that does not train in one go equals the uninterrupted one to the bit:', () => {
  test('stopped, and resumed in a later session', async () => {
    const whole = await trained(false);
    const part = await trained(false, (run) => stopAt(run, 7));
    expect(part.state.global_step).toBeLessThan(18);
    const rest = await trained(true);
    // There is one event for the run, and one for each of the two adapters.
    expect(rest.events.filter(({ type }) => type === 'restored')).toHaveLength(3);
    expect(rest.files).toEqual(whole.files);
    for (const name of names) expect(lossesOf(rest, name)).toEqual(lossesOf(whole, name));
  });

  test('paused', async () => {
    const whole = await trained(false);
    const paused = await trained(false, async (run) => {
      for await (const { type } of run) if (type === 'log') break;
      await run.pause();
      const before = run.state.global_step;
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(run.state.global_step).toBe(before);
      await run.resume();
    });
    expect(paused.events.map(({ type }) => type)).toContain('paused');
    expect(paused.files).toEqual(whole.files);
  });

  test('with a lost device', async () => {
    const whole = await trained(false);
    const lossy = await trained(false, async (run, opened) => {
      for await (const event of run) {
        if (event.type !== 'log' || event.state.adapter !== 'ben' || event.logs.step !== 4) continue;
        opened.lose('the driver crashed');
        break;
      }
    });
    const recovered = lossy.events.flatMap((event) => (event.type === 'recovered' ? [event.state.adapter] : []));
    expect(recovered).toEqual(expect.arrayContaining(['ada', 'ben']));
    expect(lossy.files).toEqual(whole.files);
  });
});

test('its state and its events have the steps that are done, whether they are logged or not', async () => {
  await within({}, async (opened) => {
    const model = await people(opened);
    const run = new Trainer({ model, args: { ...args, logging_steps: 100, save_steps: 3 }, adapters: data }).train();
    const events = await toArray(run);
    const saves = events.flatMap((event) =>
      event.type === 'save' ? [[event.checkpoint, `checkpoint-${event.state.global_step}`]] : [],
    );
    expect(saves.length).toBeGreaterThan(2);
    for (const [checkpoint, expected] of saves) expect(checkpoint).toBe(expected);
    expect(run.state).toMatchObject({
      ...{ global_step: 18, max_steps: 18, epoch: 3 },
      adapters: { ada: { global_step: 12, max_steps: 12 }, ben: { global_step: 6, max_steps: 6, epoch: 3 } },
    });
  });
});

test('a run that is cancelled rejects with the reason, and frees its memory', async () => {
  await within({}, async (opened) => {
    const model = await people(opened);
    await new Trainer({ model, args: { ...args, max_steps: 1 }, adapters: data }).train();
    const before = (await model.memory()).gpu_bytes;
    const controller = new AbortController();
    const run = new Trainer({ model, args, adapters: data }).train({ signal: controller.signal });
    const reason = new Error('enough');
    const ended = expect(run).rejects.toBe(reason);
    for await (const event of run) if (event.type === 'log') controller.abort(reason);
    await ended;
    expect((await model.memory()).gpu_bytes).toBe(before);
  }).catch((error: unknown) => {
    if (!(error instanceof Error && error.message === 'enough')) throw error;
  });
});

test('each adapter is measured on its own data', async () => {
  await within({}, async (opened) => {
    const model = await people(opened);
    const measured = {
      ada: { train_dataset: data.ada, eval_dataset: data.ben },
      ben: { train_dataset: data.ben, eval_dataset: data.ada },
    };
    const own = { ...args, eval_strategy: 'epoch', load_best_model_at_end: true } as const;
    const run = new Trainer({ model, args: own, adapters: measured }).train();
    await run;
    for (const name of names) {
      const { eval_history = [], best_metric } = run.state.adapters?.[name] ?? {};
      expect(eval_history).toHaveLength(3);
      const { train_dataset, eval_dataset } = measured[name];
      const alone = new Trainer({ model, adapter_name: name, train_dataset, eval_dataset });
      // At the end, the adapter has its best state.
      expect((await alone.evaluate()).eval_loss).toBeCloseTo(best_metric as number, 5);
    }
  });
});

test('the reading of each data set is reported', async () => {
  await within({}, async (opened) => {
    const model = await people(opened);
    const many = (count: number) => Array.from({ length: count }, (_, index) => tinyRow(4, index));
    const adapters = {
      ada: { train_dataset: many(110), eval_dataset: many(120) },
      ben: { train_dataset: data.ben, eval_dataset: many(130) },
    };
    const own = { ...args, max_steps: 1, eval_strategy: 'epoch' } as const;
    const events = await toArray(new Trainer({ model, args: own, adapters }).train());
    const reading = events.flatMap((event) => (event.type === 'reading' ? [event] : []));
    expect(reading.map(({ dataset, loaded, total }) => [dataset, loaded, total])).toEqual([
      ['train_dataset', 100, 110],
      ['eval_dataset', 100, 120],
      ['eval_dataset', 100, 130],
    ]);
  });
});

test("one person's losses that aren't finite end his training alone", async () => {
  await within({}, async (opened) => {
    const alone = await people(opened);
    const own = { ...args, weight_decay: 0, max_grad_norm: 0, adam_epsilon: 1e-6 };
    const expected = new Trainer({ model: alone, args: own, adapter_name: 'ada', train_dataset: data.ada }).train();
    await expected;
    const model = await get_peft_model(await loadTiny(opened), new VeraConfig(config), 'ada');
    const files = await changedFiles(await model.save_pretrained(), (name, numbers) => {
      // The largest values that an adapter may have. The second step exceeds them.
      if (name.includes('vera_lambda_')) numbers.fill(name.includes('vera_lambda_b') ? 1e4 : 0);
    });
    await model.load_adapter(files, 'ben', { is_trainable: true });
    const run = new Trainer({ model, args: own, adapters: data }).train();
    const ended = expect(run).rejects.toMatchObject({ code: 'numerical_error', detail: { adapters: ['ben'] } });
    const events = await toArray(run).catch(() => []);
    await ended;
    expect(events).toEqual([]);
    expect(run.state.adapters?.ben?.global_step).toBeLessThan(6);
    const { log_history = [] } = run.state.adapters?.ada ?? {};
    expect(log_history).toHaveLength(12);
    for (const [at, { loss }] of log_history.entries()) {
      expect(loss).toBeCloseTo(expected.state.log_history[at]?.loss ?? 0, 3);
    }
  });
});

test.each<[string, Partial<VeraConfigInit>, string]>([
  ['another r', { r: 4 }, 'ben has another r or other target modules than ada'],
  ['another key', { projection_prng_key: 7 }, 'ben has other random matrices than ada'],
])('adapters of %s are refused, and stay as they were', async (_what, changes, message) => {
  await within({}, async (opened) => {
    const model = await people(opened);
    await model.delete_adapter('ben');
    await model.add_adapter('ben', new VeraConfig({ ...config, ...changes }));
    const before = await filesOf(model, 'ben');
    const run = new Trainer({ model, args, adapters: data }).train();
    await expect(run).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringContaining(message) });
    expect(await filesOf(model, 'ben')).toEqual(before);
  });
});
