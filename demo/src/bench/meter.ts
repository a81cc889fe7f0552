/** The parts of a benchmark run, in their order. */
const PARTS = ['making the model', 'the best GEMM', 'the kernels of a step', 'the peak of this device'] as const;

export interface Progress {
  /** The completed share of the run, from 0 to 1. */
  readonly share: number;
  readonly text: string;
}

/** Combines the progress of a benchmark run's parts. The next part starts when `update` receives a new `what`. */
export class BenchMeter {
  readonly #seen = new Set<string>();

  update(done: number, total: number, what: string): Progress {
    const part = this.#seen.add(what).size;
    const count = done === 0 ? '' : `, ${done} of ${total}`;
    return {
      share: Math.min(1, (part - 1 + done / total) / PARTS.length),
      text: `${part} of ${PARTS.length}: ${PARTS[part - 1] ?? what}${count}`,
    };
  }
}
