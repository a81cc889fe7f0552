// The library's worker with a beacon: it tries the ways to make a network request that a message names, and reports the outcomes.
export {};

/** @type {Record<string, () => unknown>} */
const ways = {
  fetch: () => fetch('/beacon?fetch'),
  'inherited fetch': () => inherited('fetch').call(globalThis, '/beacon?inherited'),
  XMLHttpRequest: () => {
    const request = new XMLHttpRequest();
    request.open('GET', '/beacon?XMLHttpRequest', false);
    request.send();
  },
  WebSocket: () => answered(new WebSocket(`ws://${location.host}/beacon?WebSocket`)),
  EventSource: () => answered(new EventSource('/beacon?EventSource')),
  Worker: () => answered(new Worker('/beacon?Worker')),
  caches: async () => (await caches.open('beacon')).add('/beacon?caches'),
  'inherited caches': async () => (await inherited('caches').open('beacon')).add('/beacon?caches'),
  FontFace: () => new FontFace('beacon', 'url(/beacon?FontFace)').load(),
};

// One way after the other, because XMLHttpRequest's synchronous request stops the worker.
addEventListener('message', async (/** @type {MessageEvent} */ { data }) => {
  if (data?.beacon === undefined) return;
  const outcomes = [];
  for (const [way, go] of Object.entries(ways)) {
    if (data.beacon === 'every way' || data.beacon.includes(way)) outcomes.push([way, await attempt(go)]);
  }
  postMessage({ beacon: Object.fromEntries(outcomes) });
});

/**
 * Resolves once the server has responded, so that no request arrives after the report.
 * @param {EventTarget} target
 */
function answered(target) {
  return new Promise((resolve) => {
    for (const type of ['open', 'message', 'error']) target.addEventListener(type, resolve, { once: true });
  });
}

/**
 * Returns a property of the global object, read from the prototype that defines it. Throws a ReferenceError if none does.
 * @param {string} name
 */
function inherited(name) {
  for (let owner = Object.getPrototypeOf(globalThis); owner !== null; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, name)) return Reflect.get(owner, name, globalThis);
  }
  throw new ReferenceError(`No prototype has ${name}`);
}

/** @param {() => unknown} go */
async function attempt(go) {
  try {
    await go();
    return 'went';
  } catch (error) {
    const { code, name } = /** @type {{ code?: string, name: string }} */ (error);
    return code ?? name;
  }
}

const url = '/dist/worker.js';
await import(url);
