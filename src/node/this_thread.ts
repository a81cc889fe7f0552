import { ChatWriter } from '../chat/chat_writer';
import { connectDirectly } from '../page/rpc/connection';
import type { connectHere as here } from '../page/rpc/this_thread';
import type { SessionHost } from '../worker/protocol';
import { WorkerSessionImpl } from '../worker/session';
import { cacheFolder } from './cache_folder';

/**
 * What the built `webvera/node` has in the place of the page's `this_thread.ts`: nothing of it is lazy, as bundlers that make one
 * file of somebody's worker couldn't take it.
 */
export const connectHere: typeof here = async (host) => {
  const writer = new ChatWriter();
  const renderChat: SessionHost['renderChat'] = async (...chat) => writer.render(...chat);
  return connectDirectly(new WorkerSessionImpl({ ...host, renderChat, weights: cacheFolder() }));
};
