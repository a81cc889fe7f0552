import { WebVeraError } from '../../core/errors/error';
import { headless, noHead } from '../../models/headless';
import { createEmbedder } from '../pooling/create_embedder';
import type { Embedder } from '../task/embedder';
import type { Task } from '../task/task';
import type { TaskKind } from '../task/task_kind';

/** Makes vectors of inputs, as `AutoModel` does. This task can't be trained. */
function featureExtraction(embedder: Embedder, className: string): Task {
  const learnsNothing = (): never => {
    throw new WebVeraError('invalid_argument', `Expected a model with a head to learn, got ${className}`, {
      hint: 'A model of AutoModel makes vectors with embed(). AutoModelForSequenceClassification, AutoModelForImageClassification and AutoModelForCausalLM load models that learn.',
    });
  };
  const noLogits = (): never => {
    throw new WebVeraError('invalid_argument', `forward: expected a model with a head, got ${className}`, {
      hint: 'A model of AutoModel gives no logits. embed() gives its vectors.',
    });
  };
  return {
    metricNames: [],
    lowerIsBetter: [],
    collect: async () => learnsNothing(),
    preview: async () => learnsNothing(),
    kept: async () => learnsNothing(),
    columns: learnsNothing,
    loss: learnsNothing,
    metrics: learnsNothing,
    given: noLogits,
    logitsOf: noLogits,
    tokensOf: (row) => embedder.tokensOf(row),
    batch: (rows, args) => embedder.batch(rows, args),
    fullShape: (args) => embedder.fullShape(args),
    inputs: (shape) => embedder.inputs(shape),
    write: (runner, inputs, batch) => embedder.write(runner, inputs, batch),
    logits: (g, parts) => embedder.logits(g, parts),
  };
}

export const FEATURE_EXTRACTION: TaskKind<'feature_extraction'> = {
  facts: {
    name: 'feature_extraction',
    autoClass: 'AutoModel',
    // No class name in config.json selects this task, not even BertModel: folders of such classes are mostly loaded for tasks with a head.
    classEndings: [],
    inputs: 'texts',
    labels: 'of rows',
    hasNamedLabels: false,
    generates: false,
    trainsHead: {},
  },
  network: headless,
  readsVectors: true,
  head: noHead,
  create: (model, preprocessors) => featureExtraction(createEmbedder(model, preprocessors), model.head.className),
};
