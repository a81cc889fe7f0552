import { WebVeraError } from '../../src/core/errors/error';
import type { SessionHost, WorkerEnd, WorkerEvent, WorkerSession } from '../../src/worker/protocol';

export type Script = Partial<WorkerSession>;

/** A fake session whose calls are scripted. It records calls, and cancels them like a real session. */
export class FakeSession {
  readonly calls: { readonly name: string; readonly args: readonly unknown[] }[] = [];
  readonly #controllers = new Map<number, AbortController>();
  readonly #host: SessionHost;

  private constructor(host: SessionHost) {
    this.#host = host;
  }

  /** `onCreate` receives the fake session. */
  static create(host: SessionHost, script: Script, onCreate: (fake: FakeSession) => void): WorkerEnd {
    const fake = new FakeSession(host);
    onCreate(fake);
    const defaults: Script = {
      open: async () => {},
      close: async () => {},
      cancel: async (call) => fake.signal(call, 'cancel').abort(),
      startTraining: async () => {},
    };
    const methods: Script = { ...defaults, ...script };
    return {
      async invoke(name, args) {
        fake.calls.push({ name, args });
        const method = methods[name] as ((...args: readonly unknown[]) => unknown) | undefined;
        if (name === 'train') fake.emit({ type: 'chosen', call: args[0] as number, adapters: ['default'] });
        if (method === undefined) throw new WebVeraError('internal', `${name} is not scripted`);
        return method(...args);
      },
    };
  }

  emit(event: WorkerEvent): void {
    this.#host.emit(event);
  }

  /** Returns a signal that aborts when the page cancels the call. */
  signal(call: number): AbortSignal;
  signal(call: number, use: 'cancel'): AbortController;
  signal(call: number, use?: 'cancel'): AbortSignal | AbortController {
    const controller = this.#controllers.get(call) ?? new AbortController();
    this.#controllers.set(call, controller);
    return use === 'cancel' ? controller : controller.signal;
  }

  /** Returns a promise that rejects when the call is cancelled, and otherwise never settles. */
  untilCancelled(call: number): Promise<never> {
    const signal = this.signal(call);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  }

  argsOf(name: keyof WorkerSession): (readonly unknown[])[] {
    return this.calls.filter((call) => call.name === name).map((call) => call.args);
  }
}
