import type { ResolvedTrainingArguments } from '../../core/types/training';
import { type KTOConfig, resolveKtoArguments } from './preference_arguments';
import { resolveKey, Trainer, type TrainerInit } from './trainer';

/** A `KTOTrainer`'s model, data and arguments. */
export interface KTOTrainerInit extends Omit<TrainerInit, 'args'> {
  /** Arguments with TRL's names. Each has a default. The constructor checks them. */
  readonly args?: KTOConfig;
}

/**
 * Learns from single ratings (Kahneman-Tversky optimisation, as TRL's `KTOTrainer` computes it), for models from `AutoModelForCausalLM`.
 * The examples of both data sets are `{ prompt, completion, label }`, as texts or as messages. The label is true for a good completion.
 *
 * The reference is the base model. Dropout, truncation and the EOS token are as for `DPOTrainer`. As in TRL, the KL divergence from the
 * base model is estimated from mismatched texts: within each `per_device_train_batch_size` examples, in the data set's order, every prompt
 * gets the completion of the previous example. Examples are then shuffled unless `shuffle` is false; TRL requires the data set's order.
 *
 * The logs of a step also have TRL's metrics: 'rewards/chosen' and 'logps/chosen' of good texts, and 'rewards/rejected' and
 * 'logps/rejected' of bad texts, if the step has any; 'rewards/margins'; and 'kl', the estimated divergence. `evaluate()` gives all of
 * these, `eval_loss` and `eval_ratings`. Evaluations ignore weights. `export_run` rejects runs whose examples have weights, or whose
 * adapter wraps `lm_head`.
 */
export class KTOTrainer extends Trainer {
  /** @internal The class's name in messages, which minifiers leave unchanged. */
  static override readonly name: string = 'KTOTrainer';

  /** Throws `invalid_argument` for options that are missing, unknown or out of range. */
  constructor(init: KTOTrainerInit) {
    super(init);
  }

  /** @internal */
  override [resolveKey](
    args: KTOConfig | undefined,
    ofModel: Partial<ResolvedTrainingArguments>,
  ): ResolvedTrainingArguments {
    return resolveKtoArguments(args, ofModel);
  }
}
