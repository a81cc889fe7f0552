import type { HeadFit } from '../../core/types/prediction';
import type { Dataset, TrainingArguments } from '../../core/types/training';
import type { CallId, FittedHead, ProfileName } from '../../worker/protocol';
import { anyDataset } from '../data/dataset_rules';
import { openDataset } from '../data/feed';
import { callReading, closeDataset } from '../data/with_dataset';
import { liveHandle, partsKey, type RemoteModel } from '../models/remote_model';
import { checkOptions, defined, type Rules } from '../session/options';
import { abortSignal, anyString, integer, positive } from '../session/rules';
import { resolveTrainingArguments } from '../training/training_arguments';
import { type RunModel, runKey } from './adapter_keeper';

export interface FitHeadOptions {
  /**
   * Default: 'auto'. The inverse strength of the penalty, as scikit-learn's, for features that are scaled to a mean squared length of
   * 1: smaller is smoother. 'auto' chooses by cross-validation. For labels, it scales the scores and takes the smallest of 1, 10, 100 and
   * 1000 whose loss is within a standard error of the lowest, or with `augment` within a quarter of that error. For numbers, it takes the
   * one of 0.1, 1, 10, 100 and 1000 with the lowest loss. It takes 10 if no label has two examples.
   */
  readonly C?: number | 'auto';
  /**
   * For images: whether the head also learns four copies of each image, moved by a 28th of its size to each side. The image and each copy
   * then have a fifth of the image's weight, and take five passes in place of one. Losses and accuracies are over the images alone.
   * Default: 'auto', for up to 1000 images.
   */
  readonly augment?: boolean | 'auto';
  /** A data set over which the head is compared before and after. Default: none. */
  readonly eval_dataset?: Dataset;
  /** The adapter whose head is solved for, active or not. Default: the active adapter. */
  readonly adapter_name?: string;
  /** The number of examples that run through the model together. Default: 8. */
  readonly per_device_eval_batch_size?: number;
  /** The most tokens of a text that are used. Default: 1024, as in training, or the model's limit. */
  readonly max_length?: number;
  /** Weights of the classes, as in training. Default: all 1. */
  readonly classWeights?: TrainingArguments['classWeights'];
  /** When it aborts, the head stays as it was, unless the call is about to resolve. */
  readonly signal?: AbortSignal | undefined;
}

const rules: Rules<FitHeadOptions> = {
  C: { expected: "'auto' or a number above 0", accepts: (value) => value === 'auto' || positive.accepts(value) },
  augment: { expected: "'auto', true or false", accepts: (value) => value === 'auto' || typeof value === 'boolean' },
  eval_dataset: anyDataset,
  adapter_name: anyString,
  per_device_eval_batch_size: integer(1),
  max_length: integer(2),
  classWeights: { expected: "'balanced', or a number above 0 for each label", accepts: () => true },
  signal: abortSignal,
};

/** Checks the options of `fit_head`, and makes the call. */
export async function fitHead(
  model: RemoteModel & RunModel,
  dataset: Dataset,
  options: FitHeadOptions,
): Promise<HeadFit> {
  checkOptions('fit_head', options, rules);
  const { per_device_eval_batch_size: size = 8, max_length, classWeights, ...rest } = options;
  const args = { per_device_train_batch_size: size, ...defined({ max_length, classWeights }) };
  return fitHeadWith(model, dataset, { args, ...rest });
}

interface FitHeadArguments extends Pick<FitHeadOptions, 'C' | 'augment' | 'eval_dataset' | 'adapter_name' | 'signal'> {
  readonly args: TrainingArguments;
  /** The factor of the scores. Default: 1, or the one that cross-validation chooses with `C` 'auto'. */
  readonly scale?: number;
  /** The profile that stores the features of its examples. Default: the features are only held in memory, for the session. */
  readonly profile?: ProfileName | undefined;
}

/** As `fitHead`, with the arguments of training. */
export async function fitHeadWith(
  model: RemoteModel & RunModel,
  dataset: Dataset,
  { args, C = 'auto', scale, augment = 'auto', eval_dataset, adapter_name, profile, signal }: FitHeadArguments,
): Promise<HeadFit> {
  const { link, place } = model[partsKey];
  const data = openDataset('train_dataset', dataset);
  const evalData = eval_dataset && openDataset('eval_dataset', eval_dataset);
  const request = {
    model: liveHandle(model),
    adapter_name,
    args: resolveTrainingArguments(args),
    data: data.source,
    eval_data: evalData?.source,
    C,
    scale,
    augment,
    profile,
  };
  const datasets = evalData === undefined ? [data] : [data, evalData];
  try {
    const start = (call: CallId): Promise<FittedHead> => link.request('fitHead', call, request);
    const { adapter, fit } = await callReading(link, datasets, start, { signal });
    // Runs in progress recover with copies of the adapters, so they need one with the new head.
    await model[runKey]([adapter]).close();
    if (place.loss !== undefined) throw place.loss; // the new head is lost too
    return fit;
  } finally {
    for (const one of datasets) closeDataset(one);
  }
}
