import type { RunEvent, RunProgress } from '../core/types/run';

type EmitEvent = (event: RunEvent, progress: RunProgress, adapter?: string) => void;

/** The warning that a run continues with gradient checkpointing, because memory has run out. */
export const CHECKPOINTING: RunEvent = {
  type: 'warning',
  code: 'out_of_memory',
  message: 'The GPU has too little memory for all activations: training continues with gradient_checkpointing',
};

/** The longest delay of a progress update, in milliseconds. */
const MAX_DELAY = 100;

/**
 * Sends a run's events. A hook event that no callback wants is only needed as a progress update. Such events are delayed, and only the last
 * one of each adapter is sent.
 */
export class RunEvents {
  readonly #wanted: ReadonlySet<string>;
  readonly #send: EmitEvent;
  readonly #delayed = new Map<string | undefined, Parameters<EmitEvent>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `wanted`: the names of the hooks that callbacks want. */
  constructor(wanted: ReadonlySet<string>, send: EmitEvent) {
    this.#wanted = wanted;
    this.#send = send;
  }

  readonly emit: EmitEvent = (event, progress, adapter) => {
    if (event.type === 'hook' && !this.#wanted.has(event.hook)) {
      this.#delayed.set(adapter, [event, progress, adapter]);
      this.#timer ??= setTimeout(() => this.flush(), MAX_DELAY);
      return;
    }
    this.#delayed.delete(adapter);
    this.#send(event, progress, adapter);
  };

  /** Sends the delayed events now. Call it when the run has ended. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const delayed of this.#delayed.values()) this.#send(...delayed);
    this.#delayed.clear();
  }
}
