import { untilAborted } from '../../core/async/abort';
import { WebVeraError } from '../../core/errors/error';
import type { AdaptedModel } from '../adapters/adapted_model';
import { openDataset } from '../data/feed';
import { callWithDataset } from '../data/with_dataset';
import { liveHandle, partsKey } from '../models/remote_model';
import { fromAnotherCopy } from '../session/another_copy';
import { expectOwnSession } from '../session/default_session';
import { checkOptions, wrong } from '../session/options';
import type { Rule } from '../session/rules';
import { type CallOptions, callRules } from '../session/session';
import { anyAdaptedModel, Trainer, trainerKey } from './trainer';

const anyTrainer: Rule = {
  expected: 'a Trainer',
  accepts: (value) => value instanceof Trainer,
  hint: (value) => fromAnotherCopy(value, Trainer.name),
};

/**
 * Resolves with everything needed to continue a run in Python, on any machine, as files, each with its path in a folder. `README.md` has
 * the commands; `train.py` continues with PEFT and transformers' Trainer. The folder holds the adapter in PEFT's two files, AdamW's
 * moments, the losses so far, and the tokenised data, one row per line of JSON; for images, it holds the bytes that the classifier reads.
 * The base model isn't included, except for a classifier's head, which the base model's files may lack. If the run has halved its learning
 * rate, the rate stays halved.
 *
 * A run that is in progress or paused is exported as it is after one of its next steps, without disturbing it. Otherwise the export starts
 * where `train({ resume_from_checkpoint: true })` would: at the run's last checkpoint in this browser, even after the page was closed, or
 * at its first step. This reads `train_dataset` once more, so it fails for a generator that was already read.
 *
 * Runs of `DPOTrainer` and `KTOTrainer` continue with TRL's trainers.
 *
 * In Python the run isn't evaluated on `eval_dataset`, and no best state is loaded at the end.
 *
 * Rejects with `invalid_argument` for a run without steps left, without data, or with more than one adapter; for classifiers of tokens,
 * runs with `group_by_length` or the objective 'contrast', texts, pairs and ratings with a `weight`, runs of pairs or ratings whose adapter
 * wraps `lm_head`, adapters that PEFT doesn't have, and a ViT or a DINOv2 with `module_names: 'v4'`; and for a trainer of another model.
 * Rejects with `not_found` for a run that has ended and has no stored state.
 */
export async function export_run(
  run: { readonly model: AdaptedModel; readonly trainer: Trainer },
  options: CallOptions = {},
): Promise<ReadonlyMap<string, Blob>> {
  const form = 'Write await export_run({ model, trainer }).';
  if (typeof run !== 'object' || run === null) throw wrong('export_run', 'an object with model and trainer', run, form);
  const { model, trainer } = run;
  if (model === undefined) throw wrong('export_run: model', anyAdaptedModel.expected, model, form);
  if (trainer === undefined) throw wrong('export_run: trainer', anyTrainer.expected, trainer, form);
  checkOptions('export_run', run, { model: anyAdaptedModel, trainer: anyTrainer });
  checkOptions('export_run', options, callRules);
  const parts = trainer[trainerKey];
  if (parts.model !== model) {
    const message = 'export_run: expected a Trainer of the model that is given, got one of another';
    throw new WebVeraError('invalid_argument', message, { hint: 'Pass the model that the Trainer was made with.' });
  }
  const { link } = model[partsKey];
  const { session, signal } = options;
  expectOwnSession('export_run', link, session);
  liveHandle(model);
  const going = await (parts.run && untilAborted(parts.run.begun(), signal));
  if (going !== undefined) {
    const files = await link.call((call) => link.request('exportRunning', call, going), { signal });
    if (files !== undefined) return files;
  }
  const { adapter_name, args, train_dataset, run: last } = parts;
  if (train_dataset === undefined) throw wrong('export_run: trainer', 'a Trainer of one adapter', trainer, OF_ONE);
  const handle = liveHandle(model);
  const begun = last !== undefined && last.state.global_step > 0;
  const dataset = openDataset('train_dataset', train_dataset);
  const request = { model: handle, adapter_name, args, data: dataset.source, begun };
  return callWithDataset(link, dataset, (call) => link.request('exportStored', call, request), { signal });
}

const OF_ONE = 'Python continues one adapter: train it by a Trainer of its own.';
