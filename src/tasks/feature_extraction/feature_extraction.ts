import { WebVeraError } from '../../core/errors/error';
import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import { headless, noHead } from '../../models/headless';
import { createEmbedder } from '../pooling/create_embedder';
import type { Embedder } from '../task/embedder';
import type { Task } from '../task/task';
import type { Batch, BatchArguments, BatchInputs, BatchShape } from '../task/task_batches';
import type { TaskKind } from '../task/task_kind';
import type { LogitsParts } from '../task/task_loss';

/** Makes vectors of inputs, as `AutoModel` does. This task can't be trained. */
export class FeatureExtraction implements Task {
  readonly metricNames = [];
  readonly lowerIsBetter = [];
  readonly #embedder: Embedder;
  readonly #className: string;

  constructor(embedder: Embedder, className: string) {
    this.#embedder = embedder;
    this.#className = className;
  }

  async collect(): Promise<never> {
    throw this.#learnsNothing();
  }

  async preview(): Promise<never> {
    throw this.#learnsNothing();
  }

  async kept(): Promise<never> {
    throw this.#learnsNothing();
  }

  columns(): never {
    throw this.#learnsNothing();
  }

  loss(): never {
    throw this.#learnsNothing();
  }

  metrics(): never {
    throw this.#learnsNothing();
  }

  given(): never {
    throw this.#noLogits();
  }

  logitsOf(): never {
    throw this.#noLogits();
  }

  tokensOf(row: unknown): number {
    return this.#embedder.tokensOf(row);
  }

  batch(rows: readonly unknown[], args: BatchArguments): Batch {
    return this.#embedder.batch(rows, args);
  }

  fullShape(args: BatchArguments): BatchShape {
    return this.#embedder.fullShape(args);
  }

  inputs(shape: BatchShape): BatchInputs {
    return this.#embedder.inputs(shape);
  }

  write(runner: Runner, inputs: BatchInputs, batch: Batch): void {
    this.#embedder.write(runner, inputs, batch);
  }

  logits(g: Graph, parts: LogitsParts<BatchInputs>): Value {
    return this.#embedder.logits(g, parts);
  }

  #learnsNothing(): WebVeraError {
    return new WebVeraError('invalid_argument', `Expected a model with a head to learn, got ${this.#className}`, {
      hint: 'A model of AutoModel makes vectors with embed(). AutoModelForSequenceClassification, AutoModelForImageClassification and AutoModelForCausalLM load models that learn.',
    });
  }

  #noLogits(): WebVeraError {
    return new WebVeraError('invalid_argument', `forward: expected a model with a head, got ${this.#className}`, {
      hint: 'A model of AutoModel gives no logits. embed() gives its vectors.',
    });
  }
}

export const FEATURE_EXTRACTION: TaskKind<'feature_extraction'> = {
  facts: {
    name: 'feature_extraction',
    autoClass: 'AutoModel',
    // No class name in config.json selects this task. A folder that names a class without a head is more often loaded for a task with one.
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
  create: (model, preprocessors) => new FeatureExtraction(createEmbedder(model, preprocessors), model.head.className),
};
