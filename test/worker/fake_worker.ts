import type { WorkerLike } from '../../src/page/rpc/connection';
import type { WorkerEnd } from '../../src/worker/protocol';
import { serve, type WorkerScope } from '../../src/worker/rpc/serve';
import { FakeLocks } from './fake_locks';
import { FakeSession, type Script } from './fake_session';

export interface FakeWorker {
  /** The worker as the page sees it. */
  readonly worker: WorkerLike & Worker;
  /** The worker's global scope. */
  readonly scope: WorkerScope & EventTarget;
  readonly locks: FakeLocks;
  /** The session in the worker. Throws until the session exists. */
  readonly fake: FakeSession;
  readonly terminated: boolean;
}

/** Makes a worker in this thread. Its messages pass through a real MessageChannel. */
export function fakeWorker(script: (fake: () => FakeSession) => Script = () => ({})): FakeWorker {
  const started = silentWorker();
  let fake: FakeSession | undefined;
  const current = (): FakeSession => {
    if (fake === undefined) throw new Error('the session is not made yet');
    return fake;
  };
  void serve(
    (host): WorkerEnd =>
      FakeSession.create(host, script(current), (made) => {
        fake = made;
      }),
    started.scope,
  );
  return Object.defineProperty(started, 'fake', { get: current }) as FakeWorker;
}

/** Makes a worker that never sends a message. */
export function silentWorker(): Omit<FakeWorker, 'fake'> {
  const { port1, port2 } = new MessageChannel();
  const locks = new FakeLocks();
  let terminated = false;
  const worker = Object.assign(port1, {
    terminate() {
      terminated = true;
      port1.close();
      for (const name of locks.held) locks.release(name);
    },
  });
  const scope = Object.assign(port2, { navigator: { locks: locks.manager } });
  return Object.defineProperty({ worker, scope, locks }, 'terminated', { get: () => terminated }) as unknown as Omit<
    FakeWorker,
    'fake'
  >;
}
