import { BASE } from '../adapters/layers/overlay';
import { ProgramCache } from '../graph/program_cache';
import type { Runner } from '../graph/runner';
import type { Value } from '../graph/value';
import type { LoadedModel } from '../models/loaded_model';
import type { Batch, BatchArguments, BatchShape, TaskBatches } from '../tasks/task/task_batches';
import { lossChunks } from '../tasks/task/task_loss';
import type { TaskReference } from '../tasks/task/task_reference';
import { inFlight, type MeasureOptions } from './evaluate';
import { logpsProgram, writeBatch } from './steps/loss_program';
import { packStepBlock, stepBlockValue } from './steps/step_block';

interface ReferencePass {
  readonly runner: Runner;
  readonly programs: ProgramCache;
  readonly loaded: LoadedModel;
  readonly task: TaskBatches & { readonly lossName?: string; readonly reference: TaskReference };
  readonly args: BatchArguments;
}

/**
 * Computes the log probabilities of all rows with the base model alone, and passes them to `task.reference`. The log probabilities depend
 * only on the rows, their order and the kernels, so a resumed run computes equal ones. Rejects with `signal.reason` when aborted.
 */
export async function referencePass(
  pass: ReferencePass,
  rows: readonly unknown[],
  options: Pick<MeasureOptions, 'signal' | 'between'> = {},
): Promise<void> {
  const { runner, task, args } = pass;
  const size = args.per_device_train_batch_size;
  const count = Math.ceil(rows.length / size);
  const block = stepBlockValue();
  try {
    await inFlight(
      Array.from({ length: count }, (_, at) => rows.slice(at * size, (at + 1) * size)),
      async (some) => ({ some, ...(await submit(pass, task.batch(some, args), block)) }),
      async ({ some, logps }) => task.reference.keep(some, new Float32Array(await logps)),
      options,
    );
  } finally {
    runner.free([block]);
  }
}

/**
 * Builds the program of `referencePass` for batches of a shape, and drops it. Memory estimates call this with a runner that only counts
 * bytes.
 */
export async function reserveReference(
  { runner, loaded, task }: Pick<ReferencePass, 'runner' | 'loaded' | 'task'>,
  shape: BatchShape,
): Promise<void> {
  const programs = new ProgramCache(runner);
  const block = stepBlockValue();
  try {
    await programs.use(
      programKey(task, shape),
      () => logpsProgram(task, loaded, BASE, shape, block),
      ({ built }) => runner.read(built.logps),
    );
  } finally {
    await programs.dropAll();
    runner.free([block]);
  }
}

function programKey({ lossName }: ReferencePass['task'], { B, T }: BatchShape) {
  return { name: `logps ${lossName}`, overlay: BASE.key, shape: [B, T] };
}

/** Resolves once the batch is queued. */
function submit(
  { runner, programs, loaded, task }: ReferencePass,
  batch: Batch,
  block: Value,
): Promise<{ readonly logps: Promise<ArrayBuffer> }> {
  const { labelled } = batch;
  const words = { step: 1, microStep: 0, labelled, learningRate: 0, tokens: 1, beta1: 0, beta2: 0 };
  return programs.use(
    programKey(task, batch),
    () => logpsProgram(task, loaded, BASE, batch, block),
    ({ built, loaded: program }) => {
      writeBatch(runner, task, built.inputs, batch);
      runner.write(block, packStepBlock(words));
      runner.run(program, { chunks: lossChunks(labelled, built.chunkRows) });
      const logps = runner.read(built.logps);
      // If an earlier batch fails first, this promise is not awaited. The empty handler prevents an unhandled rejection.
      logps.catch(() => {});
      return { logps };
    },
  );
}
