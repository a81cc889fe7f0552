/** The worker that comes with the library. The URL is written out here because bundlers look for just this form. */
export function defaultWorker(name = 'webvera'): Worker {
  return new Worker(new URL('../worker/entry.ts', import.meta.url), { type: 'module', name });
}
