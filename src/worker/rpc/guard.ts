import type { Endpoint } from 'comlink';

/**
 * Passes only the messages that this library sends: calls of the exposed function itself with plain arguments, and comlink's
 * release message. comlink alone would also follow any path (`constructor`, `__proto__`), set properties and open further ports.
 */
export function guardEndpoint(endpoint: Endpoint): Endpoint {
  const filters = new Map<unknown, EventListener>();
  return {
    postMessage: (message, transfer) => endpoint.postMessage(message, transfer ?? []),
    addEventListener(type, listener) {
      const deliver = typeof listener === 'function' ? listener : (event: Event) => listener.handleEvent(event);
      const filter: EventListener = (event) => {
        if (type !== 'message' || isAllowed((event as MessageEvent<unknown>).data)) deliver(event);
      };
      filters.set(listener, filter);
      endpoint.addEventListener(type, filter);
    },
    removeEventListener(type, listener) {
      const filter = filters.get(listener);
      filters.delete(listener);
      if (filter !== undefined) endpoint.removeEventListener(type, filter);
    },
    start: () => endpoint.start?.(),
  };
}

export function isAllowed(data: unknown): boolean {
  if (!isObject(data)) return false;
  if (data.type === 'RELEASE') return data.path === undefined;
  const { type, path, argumentList } = data;
  return (
    type === 'APPLY' &&
    Array.isArray(path) &&
    path.length === 0 &&
    Array.isArray(argumentList) &&
    argumentList.every((argument) => isObject(argument) && argument.type === 'RAW')
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
