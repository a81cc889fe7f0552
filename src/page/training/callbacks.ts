import type { RunControl, TrainerCallback, TrainerControl } from '../../core/types/run';
import type { ResolvedTrainingArguments, TrainerState, TrainingArguments } from '../../core/types/training';
import { anyObject, type Rule } from '../session/rules';

const HOOKS: Readonly<Record<keyof TrainerCallback, true>> = {
  on_train_begin: true,
  on_epoch_begin: true,
  on_step_begin: true,
  on_step_end: true,
  on_log: true,
  on_evaluate: true,
  on_save: true,
  on_epoch_end: true,
  on_train_end: true,
};
const NAMES = Object.keys(HOOKS) as (keyof TrainerCallback)[];

export const callbackList: Rule = {
  expected: 'an array of TrainerCallbacks',
  accepts: (value) =>
    Array.isArray(value) && value.every((one) => anyObject.accepts(one) && misspelt(one).length === 0),
  hint(value) {
    if (!Array.isArray(value))
      return anyObject.accepts(value) ? 'A single one is passed in a list: [callback].' : undefined;
    const [meant] = value.filter(anyObject.accepts).flatMap(misspelt);
    return meant && `Did you mean ${meant}?`;
  },
};

/** Finds hooks in another spelling, such as onLog, which would never be called. */
function misspelt(callback: object): string[] {
  const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();
  const names = [callback, Object.getPrototypeOf(callback) ?? {}].flatMap((part) => Object.getOwnPropertyNames(part));
  return NAMES.filter((hook) => names.some((name) => name !== hook && plain(name) === plain(hook)));
}

/** Calls the callbacks of one run, and passes their requests to `onControl`, and errors of asynchronous callbacks to `onError`. */
export class Callbacks {
  readonly #args: Readonly<TrainingArguments>;
  readonly #callbacks: readonly TrainerCallback[];
  readonly #onControl: (request: RunControl) => void;
  readonly #onError: (error: unknown) => void;
  /**
   * Whether the request to stop was passed on already. Comparing `should_training_stop` before and after a call isn't enough, because a
   * callback may set it later, such as in a button's handler.
   */
  #hasStopped = false;
  readonly #control: TrainerControl = {
    should_training_stop: false,
    should_log: false,
    should_save: false,
    should_evaluate: false,
  };

  constructor(
    args: ResolvedTrainingArguments,
    callbacks: readonly TrainerCallback[],
    onControl: (request: RunControl) => void,
    onError: (error: unknown) => void,
  ) {
    // Arguments whose value depends on the data are null here, but absent in the public type.
    const known = Object.entries(args).filter(([, value]) => value !== null);
    this.#args = Object.freeze(Object.fromEntries(known));
    this.#callbacks = callbacks;
    this.#onControl = onControl;
    this.#onError = onError;
  }

  /** The hooks that at least one callback implements. */
  get wanted(): readonly (keyof TrainerCallback)[] {
    return NAMES.filter((name) => this.#callbacks.some((callback) => callback[name] !== undefined));
  }

  /** Returns the promises of asynchronous callbacks. */
  run(
    hook: keyof TrainerCallback,
    state: TrainerState,
    extra?: Readonly<Record<string, number>>,
  ): readonly Promise<unknown>[] {
    const control = this.#control;
    const promises: Promise<unknown>[] = [];
    for (const callback of this.#callbacks) {
      const returned: unknown = callback[hook]?.(this.#args, state, control, extra);
      if (!(returned instanceof Promise)) continue;
      returned.catch(this.#onError); // at once, because a later callback may throw
      promises.push(returned);
    }
    const stops = control.should_training_stop && !this.#hasStopped;
    this.#hasStopped ||= stops;
    const { should_log, should_save, should_evaluate } = control;
    control.should_log = control.should_save = control.should_evaluate = false; // a request applies to one event
    if (stops || should_log || should_save || should_evaluate) {
      this.#onControl({ should_training_stop: stops, should_log, should_save, should_evaluate });
    }
    return promises;
  }
}
