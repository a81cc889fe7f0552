import type { Estimate, MemoryBudget } from '../../core/types/estimate';
import type { ModelSource } from '../../core/types/source';
import type { TrainingArguments } from '../../core/types/training';
import { type AnyAdapterConfigInit, configOf } from '../adapters/kinds';
import { loadCall } from '../rpc/loading';
import { linkOf } from '../session/default_session';
import { anyBoolean, anyObject, checkOptions, defined, positive } from '../session/options';
import { resolveTrainingArguments } from '../training/training_arguments';
import { classifierLoadOptions, type ImageClassifierOptions, imageClassifierRules, wireSource } from './source';

/** What is to be trained, and how: with the names and defaults of those who do it. */
export interface EstimatePlan extends ImageClassifierOptions {
  /** The fields of the adapter's configuration. With `task_type: 'SEQ_CLS'`, a classifier of texts is meant, where the model can be both. */
  readonly peft_config?: AnyAdapterConfigInit;
  /** `max_length` and `per_device_train_batch_size` count as if all examples were that long. */
  readonly args?: TrainingArguments;
  /**
   * Bytes of GPU memory that the run may take. Browsers tell nothing of that. By default 1 GiB on iOS, which ends pages that take more;
   * else half of `navigator.deviceMemory`; else 1 GiB: these two only tell what is 'tight'.
   */
  readonly memory?: number;
  /**
   * false. true: opens the GPU and times a product of matrices for a few tenths of a second, so that `step.seconds` tells about how
   * long a step takes. Rejects with `unsupported_device` where there is no GPU.
   */
  readonly measure?: boolean;
}

const rules = {
  ...imageClassifierRules,
  peft_config: anyObject,
  args: anyObject,
  memory: positive,
  measure: anyBoolean,
};

/**
 * The bytes that a model takes to download and to train, the work of a step, and whether this device can do it, before anything is
 * loaded: from config.json and the beginnings of the files of its weights. The bytes are those of the run's own plan of its memory.
 *
 * Counted is a training run with one adapter; `Trainer.evaluate` and `generate` take less, but for very long texts. Where there is no
 * GPU, the limits are those that any has. Rejects as `from_pretrained` and `get_peft_model` do, but for devices.
 */
export async function estimate(source: ModelSource, plan: EstimatePlan = {}): Promise<Estimate> {
  checkOptions('estimate', plan, rules);
  const { peft_config, args, memory, measure = false, ...options } = plan;
  const from = wireSource(source);
  const request = {
    config: { ...configOf(peft_config ?? {}) },
    args: resolveTrainingArguments(args),
    load: classifierLoad(options),
    memory: memory === undefined ? memoryHere() : { bytes: memory, from: 'given' as const },
    measure,
  };
  const link = await linkOf(options);
  return loadCall(link, options, (call) => link.request('estimate', call, from, request));
}

function classifierLoad(options: ImageClassifierOptions): ReturnType<typeof classifierLoadOptions> {
  return { ...classifierLoadOptions(options), ...defined({ module_names: options.module_names }) };
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
  // An iPad says that it is a Mac, but no Mac is touched.
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)) {
    return { bytes: GIB, from: 'ios' };
  }
  return deviceMemory === undefined
    ? { bytes: GIB, from: 'unknown' }
    : { bytes: (deviceMemory * GIB) / 2, from: 'device' };
}
