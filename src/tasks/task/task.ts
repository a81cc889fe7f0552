import type { Batch, BatchInputs, TaskBatches } from './batches';
import type { TaskData } from './data';
import type { TaskLoss } from './loss';
import type { TaskMetrics } from './metrics';
import type { TaskPrediction } from './prediction';

/** Everything that a model is used for. Code that needs a part of it takes that part alone. */
export interface Task<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs>
  extends TaskData<Row>,
    TaskBatches<Row, B, Inputs>,
    TaskLoss<Inputs>,
    TaskMetrics<B>,
    TaskPrediction<Row, B, Inputs> {}
