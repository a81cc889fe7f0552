import type { GeneratedToken, ProgressInfo, StepLogs, TrainOutput, WebVeraError } from '../index';
import type { PageFacts } from './page_facts';
import type { ElementState, OpinionDetail } from './public';
import { after, type Happening } from './state';
import { asWebVeraError } from './trouble';

/** The detail of each type of report. `change`: something that the panel shows has changed. */
export interface ReportDetails {
  readonly state: ElementState;
  readonly progress: ProgressInfo;
  readonly ready: undefined;
  readonly log: StepLogs;
  readonly learnt: TrainOutput;
  readonly token: GeneratedToken;
  readonly rated: OpinionDetail & { readonly rating: 1 | 0 | -1 };
  readonly corrected: OpinionDetail & { readonly text: string };
  readonly error: WebVeraError;
  readonly change: undefined;
}
export type Emit = <Type extends keyof ReportDetails>(type: Type, detail: ReportDetails[Type]) => void;

/** Set when the profile was forgotten. `bytes`: the size of the deleted files; undefined if another tab deleted them. */
interface Forgotten {
  readonly bytes: number | undefined;
}

/** The state of a learner, and the outcome of its last action. */
export class Status {
  readonly #emit: Emit;
  #state: ElementState = 'idle';
  #error: WebVeraError | undefined;
  #forgotten: Forgotten | undefined;
  readonly #facts: PageFacts;

  constructor(emit: Emit, facts: PageFacts) {
    this.#emit = emit;
    this.#facts = facts;
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

  get hasNoStorage(): boolean {
    return this.#facts.hasNoStorage;
  }

  happen(happening: Happening): void {
    if (happening === 'loaded') this.#facts.hasLostGpu = false;
    const state = after(this.#state, happening);
    if (state === this.#state) return;
    this.#state = state;
    this.#emit('state', state);
    this.#emit('change', undefined);
  }

  /**
   * Reports an error, unless the same error was the last one reported. With `happening`, also changes the state. `error` is set before the
   * state changes, so that listeners of the state can read the error.
   */
  report(thrown: unknown, happening?: 'failed'): WebVeraError {
    const last = this.#error;
    // `asWebVeraError` wraps errors of other classes in a new error at each call, so a repeated error is recognised by its cause.
    const isKnown = last !== undefined && (last === thrown || last.cause === thrown);
    const error = isKnown ? last : asWebVeraError(thrown);
    this.#error = error;
    this.#facts.hasLostGpu ||= error.code === 'device_lost' || error.code === 'gpu_blocked';
    if (happening !== undefined) this.happen(happening);
    if (isKnown) return error;
    this.#emit('error', error);
    this.#emit('change', undefined);
    return error;
  }

  forget(bytes: number | undefined): void {
    this.#forgotten = { bytes };
    this.#emit('change', undefined);
  }

  /** Clears the outcome of the last action, because another one begins. */
  clear(): void {
    this.#error = undefined;
    this.#forgotten = undefined;
    this.#emit('change', undefined);
  }
}
