import { ProgramCache } from '../../graph/program_cache';
import type { Runner } from '../../graph/runner';
import type { LoadedModel } from '../../models/loaded_model';
import { compares, type RunTask } from '../../tasks/task/run_task';
import type { BatchArguments } from '../../tasks/task/task_batches';
import { referencePass } from '../../train/reference_pass';
import type { TrainingData } from '../../train/training_init';

export interface Compared {
  readonly task: RunTask;
  readonly runner: Runner;
  readonly loaded: LoadedModel;
  readonly args: BatchArguments;
}

interface ComparedRows {
  readonly all: readonly unknown[];
  /** Resolves with the rows that the run uses, in the order of their batches. */
  used(): Promise<readonly unknown[]>;
  /** The log probabilities of all rows, if an earlier session has stored them. */
  readonly known?: Float32Array | undefined;
}

/**
 * Returns a function that computes the base model's log probabilities of the rows that the run uses, unless all of them are known. The
 * function resolves with the log probabilities of all rows, NaN for unused rows. Returns undefined for a loss that doesn't compare with the
 * base model.
 */
export function comparison({ task, ...pass }: Compared, { all, used, known }: ComparedRows): TrainingData['compare'] {
  if (!compares(task)) return undefined;
  const { reference } = task;
  return async (options) => {
    const rows = await used();
    if (known?.length === reference.kept(all).length) reference.keep(all, known);
    if (!reference.kept(rows).some(Number.isNaN)) return reference.kept(all);
    // The pass has its own program cache, so that the programs' memory is freed afterwards.
    const programs = new ProgramCache(pass.runner);
    try {
      await referencePass({ ...pass, programs, task }, rows, options);
      return reference.kept(all);
    } finally {
      await programs.dropAll();
    }
  };
}
