import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Adapter } from '../../../src/adapters/adapter';
import type { WebVeraError } from '../../../src/core/errors/error';
import type { RunControl, RunEvent } from '../../../src/core/types/run';
import type { RunSnapshot } from '../../../src/core/types/snapshot';
import type { TrainingArguments, TrainProgress } from '../../../src/core/types/training';
import { pinned, type Value } from '../../../src/graph/value';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import type { JointInit } from '../../../src/train/lanes/joint_init';
import { JointRun } from '../../../src/train/lanes/joint_run';
import type { LaneData } from '../../../src/train/lanes/lane';
import type { JointPrograms, LaneProgramsInit } from '../../../src/train/lanes/lane_programs';
import { createOptimizerState, type OptimizerState } from '../../../src/train/steps/optimizer';
import { FakeRunner } from '../../helpers/session/fake_runner';

/** The adapters' optimiser states, and a function that is called for each step that an adapter runs. */
const device = {
  states: [] as OptimizerState[],
  ran: (_index: number, _step: number): void => {},
};

/** Fake programs without kernels. They call `device.ran` for each adapter's step. */
const withoutKernels = ({ runner, adapters }: LaneProgramsInit): JointPrograms => ({
  async allocate() {
    const states: OptimizerState[] = [];
    for (const adapter of adapters) states.push(await createOptimizerState(runner, [adapter]));
    device.states = states;
    return states;
  },
  async load() {},
  async reserve() {},
  async queue(parts) {
    for (const { index, step } of parts) device.ran(index, step);
  },
  update() {},
  async release() {},
});

const MAX = 12;

const zeros = () => new Float32Array(4);
/** The state of each adapter after its fourth step. */
const RESTORED: NonNullable<LaneData['restored']> = {
  ...{ checkpoint: 'checkpoint-8', before: undefined, lossSum: 4, logs: [] },
  progress: { global_step: 4, max_steps: MAX, epoch: 4 / MAX },
  halving: { factor: 1, step: 0, times: 0 },
  evaluation: { logs: [], best: null, stale: 0 },
  pools: [{ parameters: zeros(), exp_avg: zeros(), exp_avg_sq: zeros() }],
};

/** Whether this step of the first adapter fails. `before` is the number of its earlier failures. */
type Fails = (step: number, before: number) => boolean;

/** A fake device. After a failed step, it reports all steps of this adapter as failed until the adapter's state is written again. */
class Device extends FakeRunner {
  readonly #last = new Map<number, { readonly step: number; readonly failed: boolean }>();
  readonly #broken = new Set<number>();
  /** Whether the first adapter's vectors have values above the limit for vectors. */
  isLarge = false;
  #failures = 0;

  constructor(fails: Fails) {
    super();
    device.ran = (index, step) => {
      if (index === 0 && !this.#broken.has(0) && fails(step, this.#failures)) {
        this.#failures += 1;
        this.#broken.add(0);
      }
      this.#last.set(index, { step, failed: this.#broken.has(index) });
    };
  }

  override write(value?: Value): void {
    if (value?.name === 'pool a') this.isLarge = false;
    this.#broken.delete(device.states.findIndex(({ stats }) => stats === value));
  }

  override read = async (value?: Value): Promise<ArrayBuffer> => {
    const index = device.states.findIndex(({ stats }) => stats === value);
    if (index < 0) return new Float32Array(4).fill(this.isLarge && value?.name === 'pool a' ? 2e4 : 0).buffer;
    const { step, failed } = this.#last.get(index) ?? { step: 0, failed: false };
    const stats = new DataView(new ArrayBuffer(48));
    stats.setFloat32(0, failed ? Number.NaN : 1, true);
    stats.setUint32(8, Number(failed), true);
    stats.setUint32(12, step, true);
    return stats.buffer;
  };
}

const evaluated = async () => ({ eval_loss: 1 });

let told: string[];
let saves: RunSnapshot[];
beforeEach(() => {
  told = [];
  saves = [];
});
afterEach(() => vi.restoreAllMocks());

async function* steps(done: number) {
  for (let step = done; step < MAX; step++) {
    const [startsEpoch, endsEpoch] = [step === 0, step === MAX - 1];
    yield { rows: [1], tokens: 1, epoch: (step + 1) / MAX, startsEpoch, endsEpoch };
  }
}

interface Others {
  readonly restored?: LaneData['restored'];
  readonly runner?: Device;
  /** Evaluates the first adapter. Default: always the same loss. */
  readonly evaluate?: NonNullable<LaneData['evaluate']>;
  /** Evaluates the second adapter. Default: always the same loss. */
  readonly evaluateOther?: NonNullable<LaneData['evaluate']>;
  /** Calls the callbacks. */
  readonly heard?: JointInit['heard'];
  readonly resumes?: boolean;
}

/** Makes a run that trains two adapters. `fails` and `evaluate` concern the first. */
function runOf(
  args: TrainingArguments,
  fails: Fails,
  {
    restored,
    runner = new Device(fails),
    evaluate = evaluated,
    evaluateOther = evaluated,
    heard,
    resumes = false,
  }: Others = {},
): JointRun {
  const adapters = ['a', 'b'].map((name) => ({
    name,
    pool: pinned(`pool ${name}`, [4]),
    layout: { length: 4, parameters: new Map(), tensors: new Map() },
    modules: new Map(),
  }));
  const lane = { maxSteps: MAX, steps, evaluate: evaluateOther, restored } as unknown as LaneData;
  const checkpoints = {
    save: async (snapshot: RunSnapshot) => {
      saves.push(snapshot);
      return { checkpoint: 'checkpoint', durable: true };
    },
    close() {},
  };
  const init = {
    runner,
    task: { lowerIsBetter: ['eval_loss'] },
    adapters: adapters as unknown as readonly Adapter[],
    args: resolveTrainingArguments({ max_steps: MAX, ...args }),
    signal: new AbortController().signal,
    heard,
    resumes,
    warn() {},
    async prepare(signal: AbortSignal) {
      signal.throwIfAborted();
      return { lanes: [{ ...lane, evaluate }, lane], largest: { B: 1, T: 1 }, checkpoints };
    },
    emit(event: RunEvent, { global_step, max_steps }: TrainProgress, adapter?: string) {
      const isTold = ['evaluate', 'recovered', 'restored'].includes(event.type);
      if (isTold) told.push(`${adapter ?? 'all'}: ${event.type} at ${global_step} of ${max_steps}`);
    },
  } as unknown as JointInit;
  return new JointRun(init, withoutKernels);
}

const evaluations = (adapter: string) => told.filter((one) => one.startsWith(`${adapter}: evaluate`));

test('an adapter that goes back is evaluated at its next planned step, not where it has returned to', async () => {
  const args = { save_steps: 4, eval_strategy: 'steps', eval_steps: 4 } as const;
  const { adapters } = await runOf(args, (step, before) => step === 8 && before === 0).run();
  expect(told).toContain('a: recovered at 4 of 12');
  expect(evaluations('a')).toEqual(['a: evaluate at 4 of 12', 'a: evaluate at 8 of 12', 'a: evaluate at 12 of 12']);
  expect(evaluations('b')).toHaveLength(3);
  expect([adapters?.a?.global_step, adapters?.b?.global_step]).toEqual([12, 12]);
});

test('an adapter that goes back does not end early by an evaluation of its earlier state', async () => {
  const args = { save_steps: 6, eval_strategy: 'steps', eval_steps: 4, early_stopping_patience: 3 } as const;
  const { adapters } = await runOf(args, (step, before) => step === 4 && before === 0).run();
  expect(evaluations('a')[0]).toBe('a: evaluate at 4 of 12');
  expect(adapters?.a?.global_step).toBe(12);
  for (const { lanes = [] } of saves)
    for (const { evaluation } of lanes) for (const { step } of evaluation.logs) expect(step).toBeGreaterThan(0);
});

test('the record of an adapter that has failed for good ends at the step of its vectors', async () => {
  const run = runOf({ save_steps: 4 }, (step) => step === 9);
  const { code, detail } = (await run.run().catch((thrown: unknown) => thrown)) as WebVeraError;
  expect([code, detail.adapters]).toEqual(['numerical_error', ['a']]);
  const kept = detail.kept_step as number;
  expect(kept).toBeLessThan(9);
  expect(saves.at(-1)?.lanes?.map(({ progress }) => progress.global_step)).toEqual([kept, 12]);
});

test('a run that resumes begins with the steps that all adapters have done', async () => {
  await runOf({}, () => false, { restored: RESTORED }).run();
  expect(told.slice(0, 3)).toEqual(['all: restored at 8 of 24', 'a: restored at 4 of 12', 'b: restored at 4 of 12']);
});

test('an adapter that goes back during an evaluation’s pause has no metrics of it', async () => {
  const runner = new Device(() => false);
  let calls = 0;
  const evaluate: Others['evaluate'] = async ({ between }) => {
    calls += 1;
    if (calls !== 2) return { eval_loss: 1 };
    runner.isLarge = true;
    const paused = run.standstill.pause('hidden');
    const served = between?.serve();
    await paused;
    run.standstill.resume('hidden');
    await served;
    return { eval_loss: 0.1 };
  };
  const args = { save_steps: 4, eval_strategy: 'steps', eval_steps: 4 } as const;
  const run = runOf(args, () => false, { runner, evaluate });
  const { adapters } = await run.run();
  expect(told).toContain('a: recovered at 4 of 12');
  expect(evaluations('a')).toEqual(['a: evaluate at 4 of 12', 'a: evaluate at 8 of 12', 'a: evaluate at 12 of 12']);
  expect(adapters?.a?.metrics).toMatchObject({ best_metric: 1, best_global_step: 4 });
  const logs = saves.at(-1)?.lanes?.map(({ evaluation }) => evaluation.logs.map(({ step }) => step));
  expect(logs).toEqual([
    [4, 8, 12],
    [4, 8, 12],
  ]);
});

test('callbacks are answered at the last step of each adapter', async () => {
  const asks: RunControl[] = [
    { should_evaluate: true, should_log: true },
    { should_evaluate: true, should_save: true },
  ];
  const heard = async (): Promise<void> => run.control(asks.shift() ?? {});
  const run: JointRun = runOf({ logging_steps: 100, save_strategy: 'no' }, () => false, { heard });
  await run.run();
  expect(told).toEqual(['a: evaluate at 12 of 12', 'b: evaluate at 12 of 12']);
  expect(saves.map(({ lanes }) => lanes?.map(({ logs }) => logs.map(({ step }) => step)))).toEqual([[[12], [12]]]);
});

test('a callback that stops the run and asks for an evaluation gets both', async () => {
  const evaluate: Others['evaluate'] = async ({ between, signal }) => {
    await between?.serve();
    signal?.throwIfAborted();
    return { eval_loss: 1 };
  };
  const runner = new Device((step) => {
    if (step === 2) run.control({ should_training_stop: true, should_evaluate: true });
    return false;
  });
  const run: JointRun = runOf({ logging_steps: 100 }, () => false, {
    ...{ runner, evaluate, evaluateOther: evaluate, heard: async () => {} },
  });
  const { adapters } = await run.run();
  const at = adapters?.a?.global_step;
  expect(at).toBeLessThan(5);
  expect(told).toEqual([`a: evaluate at ${at} of 12`, `b: evaluate at ${at} of 12`]);
});

test.each([true, false])(
  'a run that is stopped before its data are read has restored its state: resumes %s',
  async (resumes) => {
    const run: JointRun = runOf({}, () => false, { restored: RESTORED, resumes });
    run.control({ should_training_stop: true });
    const { global_step } = await run.run();
    expect(global_step).toBe(resumes ? 8 : 0);
    expect(told).toHaveLength(resumes ? 3 : 0);
  },
);

test("the times of an adapter's steps don't include the evaluations of the others", async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const evaluateOther: Others['evaluateOther'] = async () => {
    now += 60_000;
    return { eval_loss: 1 };
  };
  const args = { eval_strategy: 'steps', eval_steps: 4 } as const;
  const { adapters } = await runOf(args, () => false, { evaluateOther }).run();
  expect([adapters?.a, adapters?.b].map((output) => output?.metrics.step_seconds_median)).toEqual([0, 0]);
});
