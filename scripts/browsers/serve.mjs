// A static server on 127.0.0.1, for the pages of scripts and browser tests.
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The content served at a path: a folder of files (the path then ends with `/`), one file, or one response from memory with its own headers. */
/** @typedef {string | { type: string, body: string | Uint8Array, headers?: Readonly<Record<string, string>> }} Mount */
/** @typedef {{ url: string, close: () => Promise<void> }} Server */

const TYPES = /** @type {Readonly<Record<string, string>>} */ ({
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
});

/** Matches the files that static hosts compress. */
const COMPRESSED = /\.(?:css|html|js|json|md|svg|txt|webmanifest)$/;

/** A strict Content Security Policy. Each file is sent with it, because a worker obeys the policy of its own script. */
export const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Returns a page that does nothing but load a script, as a module.
 * @param {string} src
 */
export function scriptPage(src) {
  const body = `<!doctype html>\n<html lang="en">\n<title>${src}</title>\n<script type="module" src="${src}"></script>\n</html>\n`;
  return { type: 'text/html; charset=utf-8', body };
}

/**
 * Serves `mounts` on a free port of 127.0.0.1. If the paths of several mounts match a request, the longest is used. Files outside the
 * mounted folders can't be read, not even through symbolic links. A mounted file may be such a link itself.
 * @param {Readonly<Record<string, Mount>>} mounts by path: `/dist/` is a folder, `/job.json` one file
 * @param {object} [options]
 * @param {Readonly<Record<string, string>>} [options.headers] additional headers; an empty value removes a default one
 * @param {(request: import('node:http').IncomingMessage) => void} [options.onRequest] called first for each request
 * @param {(bytes: number) => void} [options.onSend] called with the size of each file as sent. With this option, text
 *   files are compressed, as static hosts do
 * @returns {Promise<Server>}
 */
export async function serve(mounts, options = {}) {
  const headers = Object.entries({
    'Cache-Control': 'no-store',
    'Content-Security-Policy': POLICY,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    ...options.headers,
  }).filter(([, value]) => value !== '');
  const paths = Object.keys(mounts).sort((a, b) => b.length - a.length);

  const server = createServer((request, response) => {
    options.onRequest?.(request);
    for (const [name, value] of headers) response.setHeader(name, value);
    answer(request, response).catch(() => fail(response, 500));
  });
  await new Promise((listening, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => listening(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  async function answer(request, response) {
    if (request.method !== 'GET' && request.method !== 'HEAD') return fail(response, 405);
    // Rejects other host names: a site whose name resolves to this machine (DNS rebinding) must not read the user's text.
    if (!/^(127\.0\.0\.1|localhost):\d+$/.test(request.headers.host ?? '')) return fail(response, 403);
    const path = pathOf(request.url ?? '/');
    const prefix = paths.find(
      (mount) => path !== undefined && (mount.endsWith('/') ? path.startsWith(mount) : path === mount),
    );
    const mount = prefix === undefined ? undefined : mounts[prefix];
    if (path === undefined || prefix === undefined || mount === undefined) return fail(response, 404);
    if (typeof mount !== 'string') {
      const bytes = Buffer.from(mount.body);
      for (const [name, value] of Object.entries(mount.headers ?? {})) response.setHeader(name, value);
      response.setHeader('Content-Type', mount.type);
      response.setHeader('Content-Length', bytes.length);
      response.end(request.method === 'HEAD' ? undefined : bytes);
      return;
    }
    const isFolder = prefix.endsWith('/');
    const file = isFolder ? await fileIn(mount, path.slice(prefix.length) || 'index.html') : await fileAt(mount);
    if (file === undefined) return fail(response, 404);
    if (options.onSend === undefined || request.method !== 'GET') return sendFile(request, response, file);
    // A browser that requests a range of a file sends `Accept-Encoding: identity`, so ranges are never compressed.
    const isCompressed = COMPRESSED.test(file.path) && /\bgzip\b/.test(`${request.headers['accept-encoding']}`);
    if (isCompressed) return sendCompressed(response, file.path, options.onSend);
    sendFile(request, response, file, options.onSend);
  }

  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/**
 * @param {string} url
 * @returns {string | undefined} the decoded path without the query; undefined if the URL is malformed
 */
function pathOf(url) {
  try {
    const path = decodeURIComponent(url.replace(/[?#].*$/s, ''));
    return path.includes('\0') || path.includes('\\') ? undefined : path;
  } catch {
    return undefined;
  }
}

/** @param {string} folder @param {string} name @returns {Promise<{ path: string, size: number } | undefined>} */
async function fileIn(folder, name) {
  try {
    const root = await realpath(folder);
    const path = await realpath(resolve(join(root, name)));
    return path.startsWith(root + sep) ? await fileAt(path) : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} path @returns {Promise<{ path: string, size: number } | undefined>} */
async function fileAt(path) {
  try {
    const found = await stat(path);
    return found.isFile() ? { path, size: found.size } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Sends a text file, compressed with gzip.
 * @param {import('node:http').ServerResponse} response
 * @param {string} path
 * @param {(bytes: number) => void} onSend
 */
async function sendCompressed(response, path, onSend) {
  const body = gzipSync(await readFile(path));
  response.setHeader('Content-Type', TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream');
  response.setHeader('Content-Encoding', 'gzip');
  response.setHeader('Content-Length', body.length);
  onSend(body.length);
  response.end(body);
}

/**
 * Sends a file, or the requested range of it.
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {{ path: string, size: number }} file
 * @param {(bytes: number) => void} [onSend]
 */
function sendFile(request, response, { path, size }, onSend) {
  response.setHeader('Content-Type', TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream');
  response.setHeader('Accept-Ranges', 'bytes');
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = asked ? Number(asked[1]) : 0;
  const end = asked?.[2] ? Math.min(Number(asked[2]), size - 1) : size - 1;
  if (asked && (start >= size || end < start)) {
    response.setHeader('Content-Range', `bytes */${size}`);
    return fail(response, 416);
  }
  if (asked) {
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${start}-${end}/${size}`);
  }
  response.setHeader('Content-Length', end - start + 1);
  if (request.method === 'HEAD' || size === 0) {
    response.end();
    return;
  }
  onSend?.(end - start + 1);
  const stream = createReadStream(path, { start, end });
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
}

/** @param {import('node:http').ServerResponse} response @param {number} status */
function fail(response, status) {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${status}\n`);
}
