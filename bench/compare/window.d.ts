interface Window {
  compareSteps(
    job: Pick<import('./compare.mjs').CompareJob, 'name' | 'r' | 'rounds'> & {
      readonly rival: 'peer' | 'kinds' | 'build';
    },
  ): Promise<import('./compare_in_node.mjs').AnyComparison>;
  /** Returns the CPU seconds that the browser has used so far. The script that opened this page provides the function. */
  cpuSeconds(): Promise<number>;
  onRound(done: number, total: number): Promise<void>;
}
