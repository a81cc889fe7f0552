interface Progressbar {
  /** Weights that are merged, of all. */
  onProgress(done: number, total: number): void;
  /** All is over. */
  onEnd(): void;
}

const STEPS = 10;

/**
 * What `progressbar` asks for: a function is told each weight. For true, the console is told each tenth, as PEFT tells the
 * terminal.
 */
export function progressbarOf(wanted: boolean | ((done: number, total: number) => void)): Progressbar {
  if (typeof wanted === 'function') return { onProgress: wanted, onEnd() {} };
  if (!wanted) return { onProgress() {}, onEnd() {} };
  let told = 0;
  const tell = (share: number, count: string): void => {
    const step = Math.floor(STEPS * share);
    if (step === told) return;
    told = step;
    console.info(`webvera: Unloading and merging model: ${(100 / STEPS) * step}%${count}`);
  };
  return {
    onProgress: (done, total) => tell(done / total, ` (${done}/${total})`),
    // There may have been nothing to merge.
    onEnd: () => tell(1, ''),
  };
}
