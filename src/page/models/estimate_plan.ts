import type { Estimate, MemoryBudget } from '../../core/types/estimate';
import type { ModelSource } from '../../core/types/source';
import type { TrainingArguments } from '../../core/types/training';
import type { AnyAdapterConfigInit } from '../adapters/page_kinds';
import { linkOf } from '../session/default_session';
import { checkOptions, copied, defined, wrong } from '../session/options';
import { anyBoolean, anyObject, integer, oneOf, positive } from '../session/rules';
import {
  type DPOConfig,
  type KTOConfig,
  resolveDpoArguments,
  resolveKtoArguments,
} from '../training/preference_arguments';
import { resolveTrainingArguments } from '../training/training_arguments';
import {
  classifierLoadOptions,
  type ImageClassifierOptions,
  imageClassifierRules,
  type TextClassifierOptions,
  textClassifierRules,
  wireSource,
} from './source_options';

/** The training to estimate. The fields have the same names and defaults as in the functions that train. */
export interface EstimatePlan extends ImageClassifierOptions, Pick<TextClassifierOptions, 'pooling'> {
  /**
   * The fields of the adapter's configuration. With `task_type: 'SEQ_CLS'`, a model that can also continue texts counts as a classifier.
   */
  readonly peft_config?: AnyAdapterConfigInit;
  /** The estimate is for batches of `per_device_train_batch_size` examples that all have `max_length` tokens. */
  readonly args?: TrainingArguments & DPOConfig & KTOConfig;
  /** The class that trains with `args`. DPOTrainer and KTOTrainer process two texts for each example. Default: 'Trainer' */
  readonly trainer?: 'Trainer' | 'DPOTrainer' | 'KTOTrainer';
  /**
   * The number of adapters that train together, as `Trainer` trains them with `adapters`: a batch has `per_device_train_batch_size`
   * examples for each. Default: 1
   */
  readonly adapters?: number;
  /**
   * The GPU memory that the run may use, in bytes. Browsers don't report it. Default: 1 GiB on iOS, which ends pages that use more; else
   * half of `navigator.deviceMemory`; else 1 GiB. The last two values are guesses, so a run that exceeds them is 'tight' instead of
   * 'does-not-fit'.
   */
  readonly memory?: number;
  /**
   * Whether to measure a matrix product on the GPU for a few tenths of a second, so that `step.seconds` estimates the time of a step.
   * Rejects with `unsupported_device` without a GPU. Default: false
   */
  readonly measure?: boolean;
}

/** For each class that trains, the function that checks the run's arguments and adds defaults. */
const RESOLVERS = {
  Trainer: resolveTrainingArguments,
  DPOTrainer: resolveDpoArguments,
  KTOTrainer: resolveKtoArguments,
};

const rules = {
  ...imageClassifierRules,
  ...textClassifierRules,
  peft_config: anyObject,
  args: anyObject,
  trainer: oneOf(...Object.keys(RESOLVERS)),
  adapters: integer(1),
  memory: positive,
  measure: anyBoolean,
};

/** The implementation of `estimate` in plans/asks.ts. */
export async function estimate(source: ModelSource, plan: EstimatePlan = {}): Promise<Estimate> {
  checkOptions('estimate', plan, rules);
  const { peft_config, args, trainer = 'Trainer', adapters = 1, memory, measure = false, ...options } = plan;
  if (adapters > 1 && trainer !== 'Trainer')
    throw wrong('estimate: adapters', '1', adapters, `${trainer} trains one adapter at a time.`);
  const from = wireSource(source);
  const request = {
    config: copied({ ...peft_config }),
    args: RESOLVERS[trainer](args),
    adapters,
    load: { ...classifierLoadOptions(options), ...defined({ pooling: options.pooling }) },
    memory: memory === undefined ? memoryHere() : { bytes: memory, from: 'given' as const },
    measure,
  };
  const link = await linkOf(options);
  return link.call((call) => link.request('estimate', call, from, request), options);
}

const GIB = 2 ** 30;

function memoryHere(): MemoryBudget {
  const {
    userAgent = '',
    maxTouchPoints = 0,
    deviceMemory,
  } = (globalThis.navigator ?? {}) as Partial<Navigator> & {
    readonly deviceMemory?: number;
  };
  // An iPad reports itself as a Mac, but Macs have no touch screen.
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)) {
    return { bytes: GIB, from: 'ios' };
  }
  return deviceMemory === undefined
    ? { bytes: GIB, from: 'unknown' }
    : { bytes: (deviceMemory * GIB) / 2, from: 'device' };
}
