import { proxy, wrap } from 'comlink';
import { WebVeraError } from 'webvera/bench';
import type { BenchReport } from '../../../bench/report/bench_report.mjs';
import { trustedScript } from '../library/trusted_script';
import type { BenchJob, BenchOutcome, BenchWorker, OnStep } from './protocol';
import workerUrl from './worker?worker&url';

/** Milliseconds after which a cancelled worker is terminated, because it can't react while it creates a large model. */
const PATIENCE_MS = 500;

/** The address of the worker's script. The page's Content Security Policy requires a TrustedScriptURL, which `trustedScript` makes. */
const script = trustedScript('webvera', workerUrl);

/** Runs a measurement in its own worker. The worker is terminated afterwards, which frees the GPU's memory. */
export class BenchRun {
  readonly #worker = new Worker(script, { type: 'module', name: 'bench' });
  readonly #remote = wrap<BenchWorker>(this.#worker);
  #giveUp: () => void = () => {};

  /** Runs the measurement. Rejects with an `AbortError` after `cancel`, or with the error of a failed measurement. */
  async start(job: BenchJob, onStep: OnStep): Promise<BenchReport> {
    try {
      const ended = new Promise<BenchOutcome>((resolve, reject) => {
        this.#giveUp = () => resolve({ type: 'cancelled' });
        this.#worker.addEventListener('error', ({ message }) => {
          reject(new Error(message || 'The worker that measures could not be started.'));
        });
      });
      return reportOf(await Promise.race([this.#remote.run(job, proxy(onStep)), ended]));
    } finally {
      this.#worker.terminate();
    }
  }

  cancel(): void {
    void this.#remote.cancel();
    setTimeout(() => this.#giveUp(), PATIENCE_MS);
  }
}

function reportOf(outcome: BenchOutcome): BenchReport {
  if (outcome.type === 'done') return outcome.report;
  if (outcome.type === 'cancelled') throw new DOMException('The measurement was cancelled', 'AbortError');
  const { code, message, hint } = outcome.failure;
  throw code === undefined ? new Error(message) : new WebVeraError(code, message, { hint });
}
