import { WebVeraError } from '../../core/errors/error';
import type { AdaptedModel } from '../adapters/adapted_model';
import { openDataset } from '../data/feed';
import { callWithDataset } from '../data/with_dataset';
import { liveHandle, partsKey } from '../models/model';
import type { Link } from '../rpc/link';
import { expectOwnSession } from '../session/default_session';
import { checkOptions, type Rule, wrong } from '../session/options';
import { type CallOptions, callRules } from '../session/session';
import type { RemoteRun } from './train_run';
import { anyAdaptedModel, Trainer, type TrainerParts, trainerKey } from './trainer';

const anyTrainer: Rule = { expected: 'a Trainer', accepts: (value) => value instanceof Trainer };

/**
 * All with which a run goes on in Python, on any machine: files by their paths in a folder. `README.md` has the commands;
 * `train.py` goes on by PEFT and transformers' Trainer. The folder holds the adapter in PEFT's two files, AdamW's moments,
 * the losses so far, and the data as they are tokenised, one row a line of JSON: of images their bytes, as a classifier takes
 * them in. The base model isn't in it, but for a classifier's head, which it may lack. A learning rate that the run has halved
 * goes on as that.
 *
 * A run that goes on or is paused is exported as it stands after one of its next steps, and isn't disturbed. Otherwise it is
 * what `train({ resume_from_checkpoint: true })` would go on from: the run's last checkpoint in this browser, also after the
 * page was closed, or its first step. That goes through `train_dataset` once more, so a generator serves no longer.
 *
 * What runs measure on `eval_dataset` they don't measure there, and no best state is loaded at the end.
 *
 * Rejects with `invalid_argument` for a run that has no steps left, that has no data, or that has more adapters than one; for
 * runs with `group_by_length`, of language models with `label_smoothing_factor`, and of a ViT with `module_names: 'v4'`; for a
 * trainer of another model; and with `not_found` for a run that is over and whose state wasn't kept.
 */
export async function export_run(
  run: { readonly model: AdaptedModel; readonly trainer: Trainer },
  options: CallOptions = {},
): Promise<ReadonlyMap<string, Blob>> {
  const form = 'Write await export_run({ model, trainer }).';
  if (typeof run !== 'object' || run === null) throw wrong('export_run', 'an object with model and trainer', run, form);
  checkOptions('export_run', run, { model: anyAdaptedModel, trainer: anyTrainer });
  const { model, trainer } = run;
  if (model === undefined) throw wrong('export_run: model', anyAdaptedModel.expected, model, form);
  if (trainer === undefined) throw wrong('export_run: trainer', anyTrainer.expected, trainer, form);
  checkOptions('export_run', options, callRules);
  const parts = trainer[trainerKey];
  if (parts.model !== model) {
    throw new WebVeraError(
      'invalid_argument',
      'export_run: expected a Trainer of the model that is given, got one of another',
      {
        hint: 'Pass the model that the Trainer was made with.',
      },
    );
  }
  const { link } = model[partsKey];
  const { session, signal } = options;
  expectOwnSession('export_run', link, session);
  liveHandle(model);
  const going = await parts.run?.begun();
  if (going !== undefined) {
    const files = await link.call((call) => link.request('exportRunning', call, going), { signal });
    if (files !== undefined) return files;
  }
  return exportStored(link, parts, signal);
}

function exportStored(
  link: Link,
  { model, adapter_name, args, train_dataset, run }: TrainerParts,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Blob>> {
  const handle = liveHandle(model);
  const begun = hasBegun(run);
  const dataset = openDataset('train_dataset', train_dataset);
  const request = { model: handle, adapter_name, args, data: dataset.source, begun };
  return callWithDataset(link, dataset, (call) => link.request('exportStored', call, request), { signal });
}

function hasBegun(run: RemoteRun | undefined): boolean {
  return run !== undefined && run.state.global_step > 0;
}
