import type { GeneratedToken, ProgressInfo, StepLogs, TrainOutput, WebVeraError } from '../index';
import type { ElementState } from './public';
import { after, type Happening } from './state';
import { asWebVeraError } from './trouble';

/** What is told of, as it happens. `change`: something else that may be shown is another. */
export interface Told {
  readonly state: ElementState;
  readonly progress: ProgressInfo;
  readonly ready: undefined;
  readonly log: StepLogs;
  readonly learnt: TrainOutput;
  readonly token: GeneratedToken;
  readonly error: WebVeraError;
  readonly change: undefined;
}
export type Tell = <Type extends keyof Told>(type: Type, detail: Told[Type]) => void;

/** That the profile was forgotten. `bytes` is known where it was done here. */
interface Forgotten {
  readonly bytes: number | undefined;
}

/** What a learner is about, and what has come of the last thing that it did. */
export class Status {
  readonly #tell: Tell;
  #state: ElementState = 'idle';
  #error: WebVeraError | undefined;
  #forgotten: Forgotten | undefined;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  get state(): ElementState {
    return this.#state;
  }

  get error(): WebVeraError | undefined {
    return this.#error;
  }

  get forgotten(): Forgotten | undefined {
    return this.#forgotten;
  }

  happen(happening: Happening): void {
    const state = after(this.#state, happening);
    if (state === this.#state) return;
    this.#state = state;
    this.#tell('state', state);
    this.#tell('change', undefined);
  }

  /** Tells of an error, once. */
  report(thrown: unknown): WebVeraError {
    const error = asWebVeraError(thrown);
    // Of what isn't ours each telling makes an error of its own.
    if (this.#error !== undefined && (this.#error === error || this.#error.cause === thrown)) return this.#error;
    this.#error = error;
    this.#tell('error', error);
    this.#tell('change', undefined);
    return error;
  }

  forget(bytes: number | undefined): void {
    this.#forgotten = { bytes };
    this.#tell('change', undefined);
  }

  /** Something else begins. */
  clear(): void {
    this.#error = undefined;
    this.#forgotten = undefined;
    this.#tell('change', undefined);
  }
}
