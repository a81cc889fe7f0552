import type { Batch, BatchInputs, TaskBatches } from './task_batches';
import type { TaskData } from './task_data';
import type { TaskLoss } from './task_loss';
import type { TaskMetrics } from './task_metrics';
import type { TaskReference } from './task_reference';

/** The parts of a task that a training run uses. */
export interface RunTask<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs>
  extends Pick<TaskData<Row>, 'collect' | 'columns' | 'fingerprint' | 'exported'>,
    TaskBatches<Row, B, Inputs>,
    TaskLoss<Inputs>,
    TaskMetrics<B> {
  /** Set for a loss that compares the model with its base model. */
  readonly reference?: TaskReference<Row, Inputs>;
}

/** Whether the task's loss compares the model with its base model. */
export function compares(task: RunTask): task is RunTask & { readonly reference: TaskReference } {
  return task.reference !== undefined;
}
