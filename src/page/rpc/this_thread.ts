import type { SessionHost } from '../../worker/protocol';
import { type Connection, connectDirectly } from './connection';

/**
 * Starts a session in the calling thread, for `worker: false`. Builds for pages replace this module by
 * `worker_only.ts`, so that they contain neither kernels nor models.
 */
export async function connectHere(host: SessionHost): Promise<Connection> {
  const { WorkerSessionImpl } = await import('../../worker/worker_session');
  const { ChatWriter } = await import('../../chat/chat_writer');
  const writer = new ChatWriter();
  return connectDirectly(new WorkerSessionImpl({ ...host, renderChat: async (...chat) => writer.render(...chat) }));
}
