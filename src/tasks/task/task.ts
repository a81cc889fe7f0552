import type { RunTask } from './run_task';
import type { Batch, BatchInputs } from './task_batches';
import type { TaskData } from './task_data';
import type { TaskHead } from './task_head';
import type { TaskPrediction } from './task_prediction';

/** All interfaces of a task. Code that needs only some of them should take only their types. */
export interface Task<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs>
  extends TaskData<Row>,
    RunTask<Row, B, Inputs>,
    TaskPrediction<Row, B, Inputs>,
    TaskHead<Row, Inputs> {}
