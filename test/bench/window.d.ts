interface Window {
  compareSteps(
    job: Pick<Parameters<typeof import('./compare_run.mjs').compare>[3], 'name' | 'r' | 'rounds'> & {
      readonly rival: 'peer' | 'build';
    },
  ): Promise<import('./compare_run.mjs').Comparison>;
  /** CPU time of the browser so far, from the script that opened this page. */
  cpuSeconds(): Promise<number>;
  onRound(done: number, total: number): Promise<void>;
}
