interface Window {
  compareSteps(
    job: Pick<Parameters<typeof import('./compare.mjs').compare>[3], 'name' | 'r' | 'rounds'> & {
      readonly rival: 'peer' | 'build';
    },
  ): Promise<import('./compare.mjs').Comparison>;
  /** CPU seconds of the browser so far, reported by the script that opened this page. */
  cpuSeconds(): Promise<number>;
  onRound(done: number, total: number): Promise<void>;
}
