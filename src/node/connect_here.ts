import { ChatWriter } from '../chat/chat_writer';
import { imageDecoder } from '../images/decode_image';
import { connectDirectly } from '../page/rpc/connection';
import type { connectHere as here } from '../page/rpc/this_thread';
import type { SessionHost } from '../worker/protocol';
import { WorkerSessionImpl } from '../worker/worker_session';
import { cacheFolder } from './cache_folder';

/**
 * Connects to a session in this thread. The build of `webvera/node` uses this module in place of the page's `this_thread.ts`. It has no
 * lazy imports, because bundlers that produce a single worker file don't support them.
 */
export const connectHere: typeof here = async (host) => {
  const writer = new ChatWriter();
  const renderChat: SessionHost['renderChat'] = async (...chat) => writer.render(...chat);
  const decodeImage = imageDecoder(); // undefined in Node, but not if a page runs this build in a web worker
  return connectDirectly(new WorkerSessionImpl({ ...host, renderChat, decodeImage, weights: cacheFolder() }));
};
