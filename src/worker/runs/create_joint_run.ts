import type { Adapter } from '../../adapters/adapter';
import { withOnly } from '../../adapters/layers/overlay';
import { WebVeraError } from '../../core/errors/error';
import type { RunSnapshot } from '../../core/types/snapshot';
import type { RunTask } from '../../tasks/task/run_task';
import type { BatchShape } from '../../tasks/task/task_batches';
import { taskOfRun } from '../../tasks/task_of_run';
import type { JointInit } from '../../train/lanes/joint_init';
import { JointRun } from '../../train/lanes/joint_run';
import type { LaneData } from '../../train/lanes/lane';
import { isUneven } from '../../train/rising_loss';
import { largestBatch, rowsOfSteps } from '../../train/steps/steps';
import type { Restored } from '../../train/training_init';
import { type CreatedRun, RunHold } from './checkpoints/held_run';
import { expectTrainable, type RunInputs, type RunRequest, readData } from './create_run';

/** The data sets of one adapter. */
interface LaneInputs extends Pick<RunInputs, 'data' | 'evalData'> {
  readonly adapter: string;
}

interface JointRequest extends Omit<RunRequest, 'data' | 'evalData'> {
  readonly lanes: readonly LaneInputs[];
}

type Read = Omit<LaneData, 'restored'> & { readonly rows: readonly unknown[]; readonly largest: BatchShape };

/** Creates a run that reads the data of each adapter, then trains all adapters at once. Throws if an adapter isn't trainable. */
export function createJointRun(request: JointRequest, emit: JointInit['emit']): CreatedRun {
  const { model, overlay, args, checkpoints: host, kernels } = request;
  const adapters = expectTrainable(overlay, args);
  expectLanes(request, adapters);
  const task = taskOfRun(model, args);
  const hold = new RunHold(request);
  const run = new JointRun({
    runner: kernels.runner,
    loaded: model.loaded,
    task,
    overlay: { ...overlay, adapters: [] },
    adapters,
    args,
    signal: hold.signal,
    heard: request.heard,
    resumes: request.resume !== false,
    warn: host.warn,
    async prepare(stop, onRead) {
      const lanes: Read[] = [];
      for (const adapter of adapters) lanes.push(await readLane({ request, task, adapter, stop, onRead }));
      const rows = lanes.flatMap((lane) => lane.rows);
      const shares = lanes.map((lane) => lane.rows.length);
      const end = lanes.reduce((sum, { maxSteps }) => sum + maxSteps, 0);
      const parts = { model, task, overlay, adapters, args, rows, shares, kernels };
      const { checkpoints, restored } = await hold.open(parts, { end, until: stop, run });
      return {
        lanes: lanes.map((lane, index) => ({ ...lane, restored: restored && restoredOf(restored, index) })),
        largest: together(lanes.map(({ largest }) => largest)),
        checkpoints,
      };
    },
    emit,
  });
  return hold.around(run);
}

/** Reads the data of one adapter. */
async function readLane({
  request,
  task,
  adapter,
  stop,
  onRead,
}: {
  readonly request: JointRequest;
  readonly task: RunTask;
  readonly adapter: Adapter;
  readonly stop: AbortSignal;
  readonly onRead: Parameters<JointInit['prepare']>[1];
}): Promise<Read> {
  const { model, args, lanes, checkpoints: host } = request;
  const inputs = lanes.find((lane) => lane.adapter === adapter.name);
  if (inputs === undefined) throw new WebVeraError('internal', `There is no data for ${adapter.name}`);
  const { data, evalData } = inputs;
  const overlay = withOnly(request.overlay, adapter);
  const read = await readData({ model, task, overlay, args, data, evalData, warn: host.warn }, stop, onRead);
  const { rows } = read;
  return {
    ...read,
    isUneven: isUneven(task, rows),
    largest: largestBatch(task, rows, args),
    steps: (done) => rowsOfSteps(task, rows, args, done),
  };
}

/** Returns the state from which one of the adapters resumes. */
function restoredOf(all: Restored, index: number): Restored | undefined {
  const own = (snapshot: RunSnapshot): RunSnapshot | undefined => {
    const [record, pool] = [snapshot.lanes?.[index], snapshot.pools[index]];
    return record && pool && { ...record, pools: [pool] };
  };
  const state = own(all);
  if (state === undefined) return undefined;
  const { checkpoint, before, hadOtherArguments = false } = all;
  return { ...state, checkpoint, before: before && own(before), hadOtherArguments };
}

/** Returns the shape of one batch that contains the rows of all adapters. */
function together(shapes: readonly BatchShape[]): BatchShape {
  return { B: shapes.reduce((sum, { B }) => sum + B, 0), T: Math.max(...shapes.map(({ T }) => T)) };
}

function expectLanes({ args, overlay }: JointRequest, adapters: readonly Adapter[]): void {
  const hint = 'Train the adapters one after the other, each by a Trainer of its own.';
  const what =
    args.preference !== null
      ? 'a loss of preferences'
      : args.objective === 'contrast'
        ? "objective: 'contrast'"
        : args.headLearningRate === null
          ? undefined
          : 'headLearningRate';
  if (what !== undefined) {
    throw new WebVeraError(
      'invalid_argument',
      `adapters: expected arguments of adapters that train together, got ${what}`,
      { hint },
    );
  }
  const fixed = overlay.adapters.find(({ trainable }) => !trainable);
  if (fixed !== undefined) {
    const message = `adapters: expected adapters that train, but ${fixed.name} was loaded for inference`;
    throw new WebVeraError('invalid_argument', message, { hint: 'Load it with is_trainable: true.' });
  }
  if (adapters.length < 2) {
    throw new WebVeraError('invalid_argument', 'adapters: expected two adapters or more that train', { hint });
  }
}
