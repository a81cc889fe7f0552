import { WebVeraError } from '../../core/errors/error';
import type { connectHere as here } from './this_thread';

/** Replaces `this_thread.ts` in the build of `webvera`. */
export const connectHere: typeof here = async () => {
  if (typeof Worker === 'undefined') {
    throw new WebVeraError('unsupported_device', 'Models run in a worker, and this thread has no workers', {
      hint: "On a server that renders pages, load models in the browser alone: in an effect or a click. In Node, Deno or a worker of your own, import from 'webvera/node' instead.",
    });
  }
  throw new WebVeraError('invalid_argument', 'SessionOptions: worker: expected the default or a function, got false', {
    hint: "Import from 'webvera/node' instead: it has all names of 'webvera', and runs in the calling thread too, in Node, Deno or a worker of your own.",
    detail: { argument: 'worker' },
  });
};
