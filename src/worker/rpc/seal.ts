import { WebVeraError } from '../../core/errors/error';

/** By which code in a worker reaches the network, as far as they are objects that can be taken away: `import()` isn't. */
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

/** Takes the network from all code that runs under a global scope. It can't be undone. */
export function sealScope(scope: object): void {
  for (const name of WAYS) {
    if (name in scope) Object.defineProperty(scope, name, { get: refuse, configurable: false });
  }
}

function refuse(): never {
  throw sealed();
}

export function sealed(): WebVeraError {
  const message = 'Expected a session that is not sealed, as this needs the network';
  return new WebVeraError('invalid_argument', message, {
    hint: 'Load what lies on the network before seal(), or pass its files: { files }.',
  });
}
