import type { Adapter } from '../../adapters/adapter';
import { otherParameter, type TrainedNumbers } from '../../adapters/files/adapter_tensors';
import type { Overlay } from '../../adapters/layers/overlay';
import { Breather } from '../../core/async/breather';
import { WebVeraError } from '../../core/errors/error';
import type { RunSnapshot } from '../../core/types/snapshot';
import type { Tensor } from '../../core/types/tensor';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { ADAPTER_IN_PYTHON, writeRunFolder } from '../../formats/run_folder';
import { taskOfRun } from '../../tasks/task_of_run';
import { readFrozen } from '../adapters/adapter_placer';
import { poolTensors } from '../adapters/adapter_pool';
import type { BaseModel } from '../models/base_model';
import { writeAdapter } from '../storage/adapter_files';
import { readHead, sampleBase } from './base_sample';
import { runSettings } from './run_settings';

interface ExportableRun {
  readonly model: BaseModel;
  readonly overlay: Overlay;
  readonly args: ResolvedTrainingArguments;
}

interface ExportedRun extends ExportableRun {
  readonly rows: readonly unknown[];
  readonly snapshot: RunSnapshot;
  readonly signal: AbortSignal;
}

/**
 * Returns the files with which Python continues a run, by path. Throws `invalid_argument` if the run has no steps left, or if Python can't
 * continue it.
 */
export async function exportRun(run: ExportedRun): Promise<ReadonlyMap<string, Blob>> {
  const { adapter, exported } = expectExportable(run);
  const { model, args, rows, signal } = run;
  const { progress, logs, halving, pools } = run.snapshot;
  if (progress.global_step >= progress.max_steps) throw nothingLeft(progress.max_steps);
  const [pool] = pools;
  if (pool === undefined) throw new WebVeraError('internal', 'The run has no state of its adapter');
  const { runner, loaded } = model;
  const { kind } = adapter;
  const frozen = await readFrozen(runner, adapter);
  const portable = kind.frozen?.portable(adapter.config, frozen) ?? adapter.config;
  const config = new kind.Config({ ...portable, inference_mode: true });
  const files = writeAdapter(kind, config, { ...poolTensors(loaded.model, adapter, pool.parameters), frozen });
  return writeRunFolder({
    progress,
    logs,
    config: files.config,
    adapter: files.model,
    exp_avg: momentsOf(adapter, poolTensors(loaded.model, adapter, pool.exp_avg)),
    exp_avg_sq: momentsOf(adapter, poolTensors(loaded.model, adapter, pool.exp_avg_sq)),
    settings: runSettings(model, args, { max_steps: progress.max_steps, halved: halving.factor }),
    base: await sampleBase(model),
    head: await readHead(model),
    rows: breathing(exported, rows, signal),
  });
}

/** Returns the tensors of one of the optimizer's moments, by the names of torch's parameters. */
function momentsOf({ kind, tensors, modules }: Adapter, { parameters, others }: TrainedNumbers): Map<string, Tensor> {
  const trainedAs = new Map([...tensors.values()].map((tensor) => [tensor.savedKey, tensor]));
  const shared = kind.sharedParameterName?.(ADAPTER_IN_PYTHON, modules);
  return new Map([
    ...[...parameters].map(
      ([name, tensor]) => [shared ?? kind.parameterName(name, ADAPTER_IN_PYTHON), tensor] as const,
    ),
    ...[...others].map(
      ([name, tensor]) =>
        [otherParameter(name, trainedAs.get(name) ?? { kind: 'module' }, ADAPTER_IN_PYTHON), tensor] as const,
    ),
  ]);
}

/** Exports the rows one by one. Pauses from time to time, so that other work can run, such as the run's own steps. */
async function* breathing(
  exported: (row: unknown) => object,
  rows: readonly unknown[],
  signal: AbortSignal,
): AsyncGenerator<object> {
  const breather = new Breather(signal);
  for (const row of rows) {
    await breather.breathe();
    yield exported(row);
  }
}

interface Exportable {
  readonly adapter: Adapter;
  /** Returns a row as Python reads it. */
  exported(row: unknown): object;
}

const OLD_NAMES = "export_run: expected a model with the names of transformers 5, got transformers 4's";

/**
 * Returns the adapter of a run that Python can continue, and the function that exports its rows. Throws `invalid_argument` for other runs,
 * before their state is read.
 */
export function expectExportable({ model, overlay, args }: ExportableRun): Exportable {
  const task = taskOfRun(model, args);
  const exported = task.exported?.bind(task);
  if (exported === undefined) throw notInPython('a language model, or a classifier of whole texts or images');
  if (model.loaded.model.moduleNames === 'v4')
    throw new WebVeraError('invalid_argument', OLD_NAMES, {
      hint: "Load it with module_names: 'v5', and train the adapter anew.",
    });
  if (args.objective === 'contrast') throw notInPython("a run with the objective 'labels'");
  if (args.group_by_length) throw notInPython('a run without group_by_length');
  const adapter = expectOne(overlay);
  if (adapter.notInPeft !== undefined) {
    const message = `export_run: expected an adapter without ${adapter.notInPeft}, which PEFT's ${adapter.config.peft_type} doesn't have`;
    throw new WebVeraError('invalid_argument', message, { hint: 'PEFT would train another adapter.' });
  }
  const { outputEmbedding = '' } = model.loaded.model.head;
  if (args.preference !== null && adapter.modules.has(outputEmbedding))
    throw notInPython(`an adapter that doesn't wrap ${outputEmbedding}, which TRL's trainers refuse`);
  return { adapter, exported };
}

function notInPython(expected: string): WebVeraError {
  return new WebVeraError('invalid_argument', `export_run: expected ${expected}`, {
    hint: 'Python would continue it differently. save_pretrained() gives the trained adapter, which PEFT opens.',
  });
}

/** Returns the overlay's adapter. Throws unless it is the only change of the base model: transformers' Trainer supports no more. */
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

function nothingLeft(steps: number): WebVeraError {
  const message = `export_run: expected a run with steps left, got one at step ${steps} of ${steps}`;
  return new WebVeraError('invalid_argument', message, {
    hint: 'Give the Trainer a larger max_steps or num_train_epochs. save_pretrained() gives the trained adapter.',
  });
}
