import type { HeadFit } from '../../core/types/prediction';
import type { Dataset, ResolvedTrainingArguments, TrainingArguments } from '../../core/types/training';
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
   * The inverse strength of the L2 penalty, as in scikit-learn, for features scaled to a mean squared norm of 1: a smaller C is a stronger
   * penalty. Default: 'auto', which chooses C by cross-validation. If the model predicts labels, cross-validation also chooses a scale for
   * the scores, and takes the smallest C of 1, 10, 100 and 1000 whose loss is at most one standard error above the lowest loss (with
   * `augment`, a quarter of a standard error). If the model predicts numbers, it takes the C of 0.1, 1, 10, 100 and 1000 with the lowest
   * loss. If no label has two examples, C is 10.
   */
  readonly C?: number | 'auto';
  /**
   * For images: whether the head also learns from four copies of each image, shifted by a 28th of its size in each direction. The image and
   * its copies then each have a fifth of the image's weight, and together take five forward passes instead of one. Losses and accuracies
   * are computed on the original images alone. Default: 'auto', which means true for up to 1000 images.
   */
  readonly augment?: boolean | 'auto';
  /** A data set on which the head is evaluated before and after the fit. Default: none. */
  readonly eval_dataset?: Dataset;
  /** The adapter whose head is solved for, active or not. Default: the active adapter. */
  readonly adapter_name?: string;
  /** The number of examples that run through the model together. Default: 8. */
  readonly per_device_eval_batch_size?: number;
  /**
   * The maximum number of tokens of a text; longer texts are truncated. Default: 1024, as in training, or the model's limit if that is
   * less.
   */
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
  /** The factor by which the scores are multiplied. Default: 1, or the factor that cross-validation chooses with `C` 'auto'. */
  readonly scale?: number;
  /** Weights of the classes in `eval_dataset`. Default: all 1. */
  readonly eval_weights?: ResolvedTrainingArguments['classWeights'];
  /** The profile that stores the features of its examples. Default: features are only held in memory, during the session. */
  readonly profile?: ProfileName | undefined;
}

/** Does the same as `fitHead`, with training arguments (`args`) in place of its options. */
export async function fitHeadWith(
  model: RemoteModel & RunModel,
  dataset: Dataset,
  {
    args,
    C = 'auto',
    scale,
    augment = 'auto',
    eval_dataset,
    eval_weights,
    adapter_name,
    profile,
    signal,
  }: FitHeadArguments,
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
    eval_weights,
    profile,
  };
  const datasets = evalData === undefined ? [data] : [data, evalData];
  try {
    const start = (call: CallId): Promise<FittedHead> => link.request('fitHead', call, request);
    const { adapter, fit } = await callReading(link, datasets, start, { signal });
    // Runs in progress recover with copies of the adapters, so they need a copy that has the new head.
    await model[runKey]([adapter]).close();
    if (place.loss !== undefined) throw place.loss; // the new head is lost too
    return fit;
  } finally {
    for (const one of datasets) closeDataset(one);
  }
}
