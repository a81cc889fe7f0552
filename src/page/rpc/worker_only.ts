import { WebVeraError } from '../../core/errors/error';
import type { connectHere as here } from './this_thread';

/** Replaces `this_thread.ts` in the build of `webvera`. */
export const connectHere: typeof here = async () => {
  const got = typeof Worker === 'undefined' ? 'a thread that has no workers' : 'false';
  throw new WebVeraError('invalid_argument', `SessionOptions: worker: expected the default or a function, got ${got}`, {
    hint: "Import from 'webvera/node' instead: it has all names of 'webvera', and runs in the calling thread too, in Node, Deno or a worker of your own.",
    detail: { argument: 'worker' },
  });
};
