import { type Endpoint, expose, transfer } from 'comlink';
import { VERSION } from '../../core/version';
import { errorToData, isLook, type Outcome, toKnownError, type WorkerMessage } from '../../core/wire';
import type { SessionHost, WorkerEvent, WorkerSession } from '../protocol';
import { guardEndpoint } from './guard';
import { sealScope } from './seal';
import { transferables } from './transferables';
import { takeLock } from './web_lock';

/** What `serve` needs of a worker's global scope. */
export interface WorkerScope extends Endpoint {
  readonly navigator?: { readonly locks?: Pick<LockManager, 'request'> };
}

/** The calls that a page may make. The compiler holds the list to the protocol. */
const methods: Readonly<Record<keyof WorkerSession, true>> = {
  open: true,
  close: true,
  seal: true,
  cancel: true,
  commit: true,
  kernels: true,
  loadModel: true,
  loadTokenizer: true,
  encode: true,
  decode: true,
  forward: true,
  generate: true,
  stateDict: true,
  memory: true,
  exportModel: true,
  disposeModel: true,
  disposeTokenizer: true,
  dropVera: true,
  createVera: true,
  loadVera: true,
  loadConfig: true,
  addAdapter: true,
  loadAdapter: true,
  setAdapter: true,
  deleteAdapter: true,
  addWeightedAdapter: true,
  enableAdapters: true,
  mergeAdapters: true,
  unmergeAdapters: true,
  unloadVera: true,
  deltaWeight: true,
  keepAdapter: true,
  reviveVera: true,
  saveAdapter: true,
  saveLora: true,
  train: true,
  evaluate: true,
  exportRunning: true,
  exportStored: true,
  pushExamples: true,
  pauseTraining: true,
  resumeTraining: true,
  controlTraining: true,
  listStored: true,
  getStored: true,
  importStored: true,
  deleteStored: true,
  wipeStored: true,
  listRuns: true,
  deleteRun: true,
  identifyBase: true,
  listProfiles: true,
  readProfile: true,
  writeProfile: true,
  deleteProfile: true,
  deleteCheckpoints: true,
};

/** Answers a page's calls with a session, and tells the page that it may begin. */
export async function serve(
  create: (host: SessionHost) => WorkerSession,
  scope: WorkerScope = globalThis as unknown as WorkerScope,
): Promise<void> {
  const post = (message: WorkerMessage<WorkerEvent>): void => scope.postMessage(message);
  const emit = (event: WorkerEvent): void => post({ webvera: 'event', event });
  const warn = (thrown: unknown): void =>
    emit({ type: 'warning', code: 'internal', message: toKnownError(thrown).message });

  const session = create({
    emit,
    seal: () => sealScope(scope),
    quiet: (seconds) => post({ webvera: 'quiet', seconds }),
  });
  const names = Object.keys(methods) as (keyof WorkerSession)[];
  const exposed = Object.assign(
    Object.create(null),
    Object.fromEntries(names.map((name) => [name, answer(session, name)])),
  );
  expose(exposed, guardEndpoint(scope, new Set(names)));
  scope.addEventListener('message', (event) => {
    if (isLook((event as MessageEvent<unknown>).data)) post({ webvera: 'alive' });
  });
  // A page hears nothing of either unless it is told.
  scope.addEventListener('unhandledrejection', (event) => {
    (event as Event).preventDefault();
    warn((event as PromiseRejectionEvent).reason);
  });
  scope.addEventListener('error', (event) => {
    (event as Event).preventDefault();
    warn((event as ErrorEvent).error ?? (event as ErrorEvent).message);
  });

  post({ webvera: 'ready', version: VERSION, lock: await holdAliveLock(scope.navigator?.locks) });
}

function answer(session: WorkerSession, name: keyof WorkerSession): (...args: unknown[]) => Promise<Outcome> {
  const method = session[name].bind(session) as (...args: unknown[]) => Promise<unknown>;
  return async (...args) => {
    try {
      const value = await method(...args);
      return transfer({ value }, transferables(value));
    } catch (error) {
      return { error: errorToData(error) };
    }
  };
}

/** Held for this worker's life: a page that is granted it knows that the worker has died. */
async function holdAliveLock(locks: Pick<LockManager, 'request'> | undefined): Promise<string | null> {
  if (locks === undefined) return null;
  const name = `webvera:alive:${crypto.randomUUID()}`;
  const forever = new Promise<never>(() => {});
  return (await takeLock(locks, name, forever)) === 'held' ? name : null;
}
