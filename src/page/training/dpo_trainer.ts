import type { ResolvedTrainingArguments } from '../../core/types/training';
import { type DPOConfig, resolveDpoArguments } from './preference_arguments';
import { resolveKey, Trainer, type TrainerInit } from './trainer';

/** A `DPOTrainer`'s model, data and arguments. */
export interface DPOTrainerInit extends Omit<TrainerInit, 'args'> {
  /** Arguments with TRL's names. Each has a default. The constructor checks them. */
  readonly args?: DPOConfig;
}

/**
 * Learns which of two continuations of a prompt a person prefers (direct preference optimisation, as TRL's `DPOTrainer` computes it), for
 * models from `AutoModelForCausalLM`. The examples of both data sets are pairs: `{ prompt, chosen, rejected }`, as texts or as messages.
 *
 * The reference is the base model: its log probability of each text is computed once, before the first step. Dropout is off. Everything
 * else is as for `Trainer`. `per_device_train_batch_size` counts pairs, and the loss is the mean over the pairs of a step. As in TRL,
 * completions of texts end with the EOS token, and texts longer than `max_length` are truncated at the end. Pairs whose prompt fills
 * `max_length` are left out, with a warning `left_out`.
 *
 * The logs of a step also have TRL's metrics. 'rewards/chosen' and 'rewards/rejected' are beta times the difference of the text's log
 * probabilities with the adapter and without it, 'rewards/margins' is the difference of the two, and 'rewards/accuracies' the share of
 * pairs whose chosen text has the higher reward. 'logps/chosen' and 'logps/rejected' are the log probabilities. `evaluate()` gives all of
 * these, `eval_loss` and `eval_pairs`. Evaluations ignore weights. `export_run` rejects runs whose examples have weights, or whose adapter
 * wraps `lm_head`.
 */
export class DPOTrainer extends Trainer {
  /** @internal The class's name in messages, which minifiers leave unchanged. */
  static override readonly name: string = 'DPOTrainer';

  /** Throws `invalid_argument` for options that are missing, unknown or out of range. */
  constructor(init: DPOTrainerInit) {
    super(init);
  }

  /** @internal */
  override [resolveKey](
    args: DPOConfig | undefined,
    ofModel: Partial<ResolvedTrainingArguments>,
  ): ResolvedTrainingArguments {
    return resolveDpoArguments(args, ofModel);
  }
}
