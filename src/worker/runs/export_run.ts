import type { Adapter } from '../../adapters/adapter';
import type { Overlay } from '../../adapters/overlay';
import { VeraConfig } from '../../adapters/vera/config';
import { roundingOf } from '../../adapters/vera/projections';
import type { VeraAdapter } from '../../adapters/vera/vera_adapter';
import { asVera } from '../../adapters/vera/vera_on_model';
import { Breather } from '../../core/async/breather';
import { WebVeraError } from '../../core/errors/error';
import type { PoolSnapshot, RunSnapshot } from '../../core/types/snapshot';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { writeAdapterConfig } from '../../formats/peft/peft';
import { writeRunFolder } from '../../formats/run_folder';
import type { RowExporter } from '../../tasks/task/task_data';
import { readProjections, vectorsIn } from '../adapters/vera_placer';
import type { BaseModel } from '../models/base_model';
import { readHead, sampleBase } from './base_sample';
import { runSettings } from './run_settings';

interface ExportedRun {
  readonly model: BaseModel;
  readonly overlay: Overlay;
  readonly args: ResolvedTrainingArguments;
  readonly rows: readonly unknown[];
  readonly snapshot: RunSnapshot;
  readonly signal: AbortSignal;
}

/**
 * The files with which a run continues in Python, by path. Throws `invalid_argument` for a run without steps left, and for one
 * that Python can't continue.
 */
export async function exportRun({
  model,
  overlay,
  args,
  rows,
  snapshot,
  signal,
}: ExportedRun): Promise<ReadonlyMap<string, Blob>> {
  const { adapter: exported, exporter } = expectExportable({ model, overlay, args });
  const adapter = asVera(exported);
  const { progress, logs, halving, pools } = snapshot;
  if (progress.global_step >= progress.max_steps) throw nothingLeft(progress.max_steps);
  const [pool] = pools;
  if (pool === undefined) throw new WebVeraError('internal', 'The run has no state of its adapter');
  const { runner, loaded } = model;
  const stored = await readProjections(runner, adapter);
  const save_projection = adapter.config.save_projection || !isDrawnInPython(adapter, stored);
  const tensors = (part: keyof PoolSnapshot) => vectorsIn(loaded.model, adapter, pool[part]);
  return writeRunFolder({
    progress,
    logs,
    config: writeAdapterConfig(new VeraConfig({ ...adapter.config, save_projection, inference_mode: true })),
    adapter: { ...tensors('parameters'), projections: save_projection ? stored : undefined },
    exp_avg: tensors('exp_avg'),
    exp_avg_sq: tensors('exp_avg_sq'),
    trainedAs: new Map([...adapter.tensors.values()].map(({ savedKey, ...trainedAs }) => [savedKey, trainedAs])),
    settings: runSettings(model, args, { max_steps: progress.max_steps, halved: halving.factor }),
    base: await sampleBase(model),
    head: await readHead(model),
    rows: breathing(exporter, rows, signal),
  });
}

/** The exported rows. Yields to other work from time to time, such as the steps of the run itself. */
async function* breathing(
  exporter: RowExporter,
  rows: readonly unknown[],
  signal: AbortSignal,
): AsyncGenerator<object> {
  const breather = new Breather(signal);
  for (const row of rows) {
    await breather.breathe();
    yield exporter.exported(row);
  }
}

interface Exportable {
  readonly adapter: Adapter;
  readonly exporter: RowExporter;
}

/** The parts of a run that can continue in Python. Throws `invalid_argument` for others, before anything waits for their state. */
export function expectExportable({
  model,
  overlay,
  args,
}: Pick<ExportedRun, 'model' | 'overlay' | 'args'>): Exportable {
  const { exporter } = model.task;
  if (exporter === undefined) throw notInPython('a task that its script knows');
  if (!exporter.smoothsLabels && args.label_smoothing_factor > 0)
    throw notInPython('a run without label_smoothing_factor');
  if (model.loaded.model.moduleNames === 'v4')
    throw notInPython("a model with the names of transformers 5, got transformers 4's");
  if (args.group_by_length) throw notInPython('a run without group_by_length');
  return { adapter: expectOne(overlay), exporter };
}

function notInPython(expected: string): WebVeraError {
  return new WebVeraError('invalid_argument', `export_run: expected ${expected}`, {
    hint: "It can't go on in Python as it would here. What it has learnt is in save_pretrained(), which PEFT opens.",
  });
}

/** The only adapter of an overlay with nothing else over the base model: transformers' Trainer supports no more. */
function expectOne({ adapters, tensors }: Overlay): Adapter {
  const [adapter, ...others] = adapters;
  const isAlone = adapter !== undefined && others.length === 0;
  if (isAlone && [...tensors.keys()].every((name) => adapter.tensors.has(name))) return adapter;
  const names = adapters.map(({ name }) => name).join(', ') || 'none';
  const got = isAlone ? 'biases or merged weights of another beside it' : `${adapters.length}: ${names}`;
  throw new WebVeraError('invalid_argument', `export_run: expected a run with one active adapter, got ${got}`, {
    hint: 'Name the adapter that trains in the Trainer, as adapter_name, or activate it alone with set_adapter(name).',
  });
}

/** Whether Python draws the same A and B from the adapter's key. It doesn't draw rounded ones: those go into the file. */
function isDrawnInPython({ config }: VeraAdapter, { A, B }: Awaited<ReturnType<typeof readProjections>>): boolean {
  const [max_in = 0, max_out = 0] = [A.dims[1], B.dims[0]];
  const key = { projection_prng_key: config.projection_prng_key, r: config.r, max_in, max_out };
  return roundingOf({ A: new Float32Array(A.data), B: new Float32Array(B.data) }, key) === 'float32';
}

function nothingLeft(steps: number): WebVeraError {
  return new WebVeraError(
    'invalid_argument',
    `export_run: expected a run with steps left, got one at step ${steps} of ${steps}`,
    {
      hint: 'Give the Trainer a larger max_steps or num_train_epochs. What it has learnt is in save_pretrained().',
    },
  );
}
