import type { RunEvent, RunProgress } from '../core/types/run';

type EmitEvent = (event: RunEvent, progress: RunProgress, adapter?: string) => void;

/** The time in milliseconds after which a run reports progress that no event has brought. */
const LATE = 100;

/** Sends a run's events. Hooks that no callback wants only bring progress, so they are sent late, and of several for an adapter the last. */
export class RunEvents {
  readonly #wanted: ReadonlySet<string>;
  readonly #send: EmitEvent;
  readonly #late = new Map<string | undefined, Parameters<EmitEvent>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `wanted`: the names of the hooks that callbacks want. */
  constructor(wanted: ReadonlySet<string>, send: EmitEvent) {
    this.#wanted = wanted;
    this.#send = send;
  }

  readonly emit: EmitEvent = (event, progress, adapter) => {
    if (event.type === 'hook' && !this.#wanted.has(event.hook)) {
      this.#late.set(adapter, [event, progress, adapter]);
      this.#timer ??= setTimeout(() => this.flush(), LATE);
      return;
    }
    this.#late.delete(adapter);
    this.#send(event, progress, adapter);
  };

  /** Sends what is late. Call it when the run has ended. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const late of this.#late.values()) this.#send(...late);
    this.#late.clear();
  }
}
