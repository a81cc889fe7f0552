import { WebVeraError } from '../../core/errors/error';

/** The global names by which code in a worker can reach the network. `import()` isn't an object and can't be removed. */
const WAYS = [
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'WebSocketStream',
  'EventSource',
  'WebTransport',
  'RTCPeerConnection',
  'importScripts',
  'Worker',
  'FontFace',
  'caches',
  'CacheStorage',
  'Cache',
];

/** Removes network access from all code of a global scope. It can't be undone. */
export function sealScope(scope: object): void {
  for (const name of WAYS) {
    if (!(name in scope)) continue;
    Object.defineProperty(scope, name, { get: refuse, configurable: false });
    // Browsers define `fetch`, `caches` and `importScripts` on a prototype, from which they could still be read.
    for (const owner of prototypesOf(scope)) {
      if (Object.hasOwn(owner, name)) Object.defineProperty(owner, name, { get: refuse, configurable: false });
    }
  }
}

function prototypesOf(scope: object): object[] {
  const prototype: object | null = Object.getPrototypeOf(scope);
  return prototype === null ? [] : [prototype, ...prototypesOf(prototype)];
}

function refuse(): never {
  throw sealed();
}

export function sealed(): WebVeraError {
  const message = 'Expected a session that is not sealed, as this needs the network';
  return new WebVeraError('invalid_argument', message, {
    hint: 'Load everything from the network before seal(), or pass the files themselves: { files }.',
  });
}
