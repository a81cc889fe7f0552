import type { RunControl, RunHook } from '../core/run';
import type {
  ResolvedTrainingArguments,
  TrainerCallback,
  TrainerControl,
  TrainerState,
  TrainingArguments,
} from '../core/training';

/** The callbacks of one run. What they ask for goes to `onControl`. */
export class Callbacks {
  readonly #args: Readonly<TrainingArguments>;
  readonly #callbacks: readonly TrainerCallback[];
  readonly #onControl: (request: RunControl) => void;
  readonly #control: TrainerControl = {
    should_training_stop: false,
    should_log: false,
    should_save: false,
  };

  constructor(
    args: ResolvedTrainingArguments,
    callbacks: readonly TrainerCallback[],
    onControl: (request: RunControl) => void,
  ) {
    // What the data decides is left out, as it is in the public type.
    const { completion_only_loss, ...rest } = args;
    this.#args = Object.freeze(completion_only_loss === null ? rest : { ...rest, completion_only_loss });
    this.#callbacks = callbacks;
    this.#onControl = onControl;
  }

  /** The worker's hooks that somebody listens to. */
  get wanted(): readonly RunHook[] {
    const names: readonly RunHook[] = [
      'on_train_begin',
      'on_epoch_begin',
      'on_step_begin',
      'on_step_end',
      'on_epoch_end',
      'on_train_end',
    ];
    return names.filter((name) => this.#callbacks.some((callback) => callback[name] !== undefined));
  }

  run(hook: keyof TrainerCallback, state: TrainerState, extra?: Readonly<Record<string, number>>): void {
    const control = this.#control;
    const stoppedBefore = control.should_training_stop;
    for (const callback of this.#callbacks) callback[hook]?.(this.#args, state, control, extra);
    const stops = control.should_training_stop && !stoppedBefore;
    const { should_log, should_save } = control;
    control.should_log = control.should_save = false; // each request is for one event
    if (stops || should_log || should_save) this.#onControl({ should_training_stop: stops, should_log, should_save });
  }
}
