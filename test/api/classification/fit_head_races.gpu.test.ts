import { expect, test, vi } from 'vitest';
import {
  AutoModelForSequenceClassification,
  get_peft_model,
  Trainer,
  type TrainRun,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { linkKey } from '../../../src/page/session/session';
import { toArray } from '../../helpers/bytes/to_array';
import { goldenBase } from '../../helpers/golden/golden';
import { firstLog } from '../../helpers/models/tiny_training';
import { lose, recoveries } from '../../helpers/session/losing_runs';
import { bytesOf, type TestSession, within } from '../../helpers/session/session';

const id2label = { 0: 'red', 1: 'green', 2: 'blue' };
const names = Object.values(id2label);
const config = new VeraConfig({ r: 4, target_modules: ['query'], task_type: 'SEQ_CLS' });
/** Rows whose first token determines their class. */
const rows = Array.from({ length: 6 }, (_, index) => ({
  input_ids: [10 + (index % 3), 20 + index, 30],
  label: names[index % 3] ?? '',
}));

/** Loads a classifier with the adapters a and b. a is active. */
async function load({ session }: TestSession): Promise<VeraModel> {
  const files = goldenBase('base/bert');
  const base = await AutoModelForSequenceClassification.from_pretrained(files, { session, id2label });
  const model = await get_peft_model(base, config, 'a');
  await model.add_adapter('b', config);
  return model;
}

async function savedOf(model: VeraModel, adapter_name: string): Promise<Uint8Array> {
  return bytesOf((await model.save_pretrained({ adapter_name }))['adapter_model.safetensors']);
}

function train(model: VeraModel, adapter_name: string, max_steps: number): TrainRun {
  const args = { max_steps, learning_rate: 0.01, save_strategy: 'no' } as const;
  return new Trainer({ model, adapter_name, train_dataset: rows, args }).train();
}

interface Heads {
  /** The logits before and after `solve`. */
  readonly before: Float32Array;
  readonly done: Float32Array;
  logits(): Promise<Float32Array>;
  /** Solves for a head with other values. */
  solve(signal: AbortSignal | undefined): Promise<unknown>;
}

async function heads(opened: TestSession): Promise<Heads> {
  const model = await load(opened);
  const logits = async () => (await model.forward({ input_ids: [[10, 20, 30]] })).logits.data;
  const solve = (signal: AbortSignal | undefined) => model.fit_head(rows, { C: 10, signal });
  await solve(undefined);
  const done = await logits();
  await model.fit_head(rows, { C: 0.1 });
  const before = await logits();
  expect(done).not.toEqual(before);
  return { before, done, logits, solve };
}

/** Within a turn of the event loop, the call is aborted after one of these numbers of microtasks. */
const WITHIN = [0, 3, 8, 20];
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('fit_head that is aborted at any moment takes effect, or leaves the head as it was', async () => {
  await within({}, async (opened) => {
    const { before, done, logits, solve } = await heads(opened);
    const outcomes = { done: 0, undone: 0 };
    // The call is repeated, each time aborted at a later moment. The intervals grow, because a call takes many turns on a slow device.
    for (let moment = 0; outcomes.done === 0; moment += 1 + Math.floor(moment / 40)) {
      const controller = new AbortController();
      const reason = new Error(`at moment ${moment}`);
      let isOver = false;
      const fitting = solve(controller.signal).finally(() => {
        isOver = true;
      });
      fitting.catch(() => {});
      for (let turn = 0; turn < Math.floor(moment / WITHIN.length) && !isOver; turn++) await nextTurn();
      for (let task = 0; task < (WITHIN[moment % WITHIN.length] ?? 0); task++) await undefined;
      controller.abort(reason);
      const fitted = await fitting.catch((error: unknown) => {
        expect(error).toBe(reason);
        return undefined;
      });
      outcomes[fitted === undefined ? 'undone' : 'done'] += 1;
      expect(await logits()).toEqual(fitted === undefined ? before : done);
    }
    expect(outcomes.undone).toBeGreaterThan(WITHIN.length);
  });
});

/** Calls `body` just before the page sends a request, or just after it gets the answer. */
function atRequest({ session }: TestSession, wanted: string, when: 'before' | 'after', body: () => unknown): void {
  const link = session[linkKey];
  const request = link.request.bind(link) as (name: string, ...args: unknown[]) => Promise<unknown>;
  vi.spyOn(link, 'request').mockImplementation((async (name: string, ...args: unknown[]) => {
    if (name === wanted && when === 'before') await body();
    const result = await request(name, ...args);
    if (name === wanted && when === 'after') await body();
    return result;
  }) as never);
}

test.each([
  ['commit', 'before'],
  ['commit', 'after'],
  ['fitHead', 'after'],
] as const)('fit_head takes effect if it is aborted as late as this: %s, %s', async (name, when) => {
  await within({}, async (opened) => {
    const { done, logits, solve } = await heads(opened);
    const controller = new AbortController();
    atRequest(opened, name, when, () => controller.abort(new Error('too late')));
    await solve(controller.signal);
    expect(controller.signal.aborted).toBe(true);
    expect(await logits()).toEqual(done);
  });
});

test('a head outlives the recovery of a run of another adapter', async () => {
  await within({}, async (opened) => {
    const model = await load(opened);
    const run = train(model, 'a', 2000);
    await firstLog(run);
    await model.fit_head(rows, { adapter_name: 'b' });
    const fitted = await savedOf(model, 'b');
    lose(opened);
    for await (const { type } of run) if (type === 'recovered') break;
    expect(await savedOf(model, 'b')).toEqual(fitted);
    await run.stop();
  });
});

test('a head that is lost before a run could hold it is reported, and the run continues with the old head', async () => {
  await within({}, async (opened) => {
    const model = await load(opened);
    const before = await savedOf(model, 'b');
    const run = train(model, 'a', 2000);
    await firstLog(run);
    atRequest(opened, 'fitHead', 'after', async () => {
      lose(opened);
      await nextTurn();
    });
    await expect(model.fit_head(rows, { adapter_name: 'b' })).rejects.toMatchObject({ code: 'device_lost' });
    for await (const { type } of run) if (type === 'recovered') break;
    expect(await savedOf(model, 'b')).toEqual(before);
    await run.stop();
  });
});

/** The length of a run: more steps than are queued when the first log arrives, so that a test can act during the run. */
const STEPS = 40;

test('a run that recovers begins with the head that was solved for before it, while another run was in progress', async () => {
  await within({}, async (opened) => {
    const model = await load(opened);
    await model.fit_head(rows, { adapter_name: 'b' });
    const straight = train(model, 'b', STEPS);
    await straight;
    const learnt = await savedOf(model, 'b');
    await model.delete_adapter('b');
    await model.add_adapter('b', config);
    const other = train(model, 'a', 2000);
    await firstLog(other);
    await model.fit_head(rows, { adapter_name: 'b' });
    const run = train(model, 'b', STEPS);
    await firstLog(run);
    lose(opened);
    await run;
    expect(recoveries(await toArray(run))).toHaveLength(1);
    expect(await savedOf(model, 'b')).toEqual(learnt);
    await other.stop();
  });
});
