import type { Batch, BatchInputs, TaskBatches } from './task_batches';
import type { TaskData } from './task_data';
import type { TaskHead } from './task_head';
import type { TaskLoss } from './task_loss';
import type { TaskMetrics } from './task_metrics';
import type { TaskPrediction } from './task_prediction';

/** Everything that a model is used for. Code that needs a part of it takes that part alone. */
export interface Task<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs>
  extends TaskData<Row>,
    TaskBatches<Row, B, Inputs>,
    TaskLoss<Inputs>,
    TaskMetrics<B>,
    TaskPrediction<Row, B, Inputs>,
    TaskHead<Row, Inputs> {}
