interface Window {
  compareSteps(
    job: Pick<import('./compare.mjs').CompareJob, 'name' | 'r' | 'rounds'> & {
      readonly rival: 'peer' | 'kinds' | 'build';
    },
  ): Promise<import('./compare_in_node.mjs').AnyComparison>;
  /** CPU seconds of the browser so far, reported by the script that opened this page. */
  cpuSeconds(): Promise<number>;
  onRound(done: number, total: number): Promise<void>;
}
