import type { MergeRequest } from '../../worker/protocol';
import { handleOf, type ModelParts, RemoteModel } from '../models/remote_model';
import { RemoteHandle } from '../rpc/remote_handle';
import type { UnloadOptions } from './adapter_options';

/** Removes a model's adapters, and returns the model that remains. If `merge` is given, its adapters are merged into the weights first. */
export async function unloadAdapters(
  parts: ModelParts,
  merge: MergeRequest | undefined,
  { progressbar = false, signal }: UnloadOptions = {},
): Promise<RemoteModel> {
  const bar = progressbarOf(progressbar);
  const { link, life, tokenizer } = parts;
  const handle = handleOf(parts);
  const info = await link.call((call) => link.request('unloadAdapters', call, handle, merge), {
    signal,
    onEvent: (event) => {
      if (event.type === 'merge') bar.onProgress(event.done, event.total);
    },
  });
  bar.onEnd();
  return new RemoteModel({ link, place: new RemoteHandle(link, info.model, 'device'), info, tokenizer, life });
}

interface Progressbar {
  /** Receives the number of weights that have been merged, and the number of all weights to merge. */
  onProgress(done: number, total: number): void;
  onEnd(): void;
}

const STEPS = 10;

/**
 * Makes the progress bar for the option `progressbar`. A function is called after each merged weight. With true, each tenth of the progress
 * is logged to the console, like PEFT's progress bar in a terminal.
 */
function progressbarOf(wanted: boolean | ((done: number, total: number) => void)): Progressbar {
  if (typeof wanted === 'function') return { onProgress: wanted, onEnd() {} };
  if (!wanted) return { onProgress() {}, onEnd() {} };
  let reported = 0;
  const report = (share: number, count: string): void => {
    const step = Math.floor(STEPS * share);
    if (step === reported) return;
    reported = step;
    console.info(`webvera: Unloading and merging model: ${(100 / STEPS) * step}%${count}`);
  };
  return {
    onProgress: (done, total) => report(done / total, ` (${done}/${total})`),
    // Reports 100% even if there was nothing to merge.
    onEnd: () => report(1, ''),
  };
}
