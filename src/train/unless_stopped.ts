interface RunSignals {
  /** Aborts the run. */
  readonly signal: AbortSignal;
  /** Ends the run early, in its current state. */
  readonly stop: AbortSignal;
}

/** Runs `body` and returns its result; undefined if the run was stopped meanwhile. */
export async function unlessStopped<T>(
  { signal, stop }: RunSignals,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await body(AbortSignal.any([signal, stop]));
  } catch (error) {
    if (stop.aborted && !signal.aborted && error === stop.reason) return undefined;
    throw error;
  }
}
