// Removes two of Dawn's warnings from a command's standard error. Dawn writes them directly to the file descriptor when it looks for GPU
// adapters, so the command runs in a child process, and its parent filters the child's standard error.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Transform } from 'node:stream';
import { finished } from 'node:stream/promises';

/** The environment variable that marks the child. Its value is the terminal's width, or 0 if standard error isn't a terminal. */
const CHILD = 'WEBVERA_CHILD';
const DAWN =
  /^Warning: maxDynamic(?:Uniform|Storage)BuffersPerPipelineLayout artificially reduced from \d+ to \d+ to fit dynamic offset allocation limit\.\r?\n$/;
/** The text that both warnings begin with. */
const BEGINNING = 'Warning: maxDynamic';
/** The parent's message to its child, and the event that the child emits when it receives the message. */
const INTERRUPTED = 'interrupted';
/** The milliseconds in which interrupts count as one: at Ctrl-C, npm may interrupt its command once more than the terminal does. */
const REPEATED = 500;

/** Removes the two warnings from standard error. All other text is returned at once, even an incomplete line. */
export class WarningFilter {
  /** The beginning of a line that may become one of the warnings. */
  #held = '';
  /** Whether the beginning of the current line has already been returned, so that the line isn't one of the warnings. */
  #isWithin = false;

  /** @param {string} text @returns {string} the text without the warnings */
  take(text) {
    const lines = (this.#held + text).split(/(?<=\n)/);
    this.#held = '';
    return lines.map((line) => this.#passed(line)).join('');
  }

  /** Returns the text that is still held when the output ends. */
  end() {
    return this.#held;
  }

  /** @param {string} line ends with a line break, unless the line is incomplete */
  #passed(line) {
    const isWhole = line.endsWith('\n');
    const isBegun = this.#isWithin;
    const mayBe = !isBegun && (line.startsWith(BEGINNING) || BEGINNING.startsWith(line));
    if (mayBe && !isWhole) {
      this.#held = line;
      return '';
    }
    this.#isWithin = !isWhole && line !== '';
    return !isBegun && DAWN.test(line) ? '' : line;
  }
}

/**
 * Starts the same command again as a child process, and ends like the child: with its exit code, or by its signal. The child has this
 * process's standard input and output. It downloads through the proxy that the environment names, if Node supports this proxy. In the
 * child, this function runs `body`.
 * @param {() => Promise<void>} body
 */
export async function withoutDawnWarnings(body) {
  const { [CHILD]: width } = process.env;
  if (width === undefined) return runChild();
  delete process.env[CHILD];
  if (width !== '0') Object.assign(process.stderr, { isTTY: true, columns: Number(width) });
  // Ctrl-C sends SIGINT to this process and its parent, but `kill` to the parent alone. So this process ignores SIGINT, and obeys only the
  // parent's message.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  process.on('message', () => {
    if (emitter().emit(INTERRUPTED)) return;
    process.off('SIGINT', ignore);
    process.kill(process.pid, 'SIGINT');
  });
  process.once('disconnect', () => process.exit(1)); // the parent was killed
  // The IPC channel must not keep this process alive.
  process.channel?.unref();
  await body();
}

/**
 * Calls `listener` at each interrupt: Ctrl-C, or another SIGINT. Without a listener an interrupt ends the command.
 * @param {() => void} listener
 * @returns {() => void} stops listening
 */
export function onInterrupt(listener) {
  emitter().on(INTERRUPTED, listener);
  return () => void emitter().off(INTERRUPTED, listener);
}

/** @returns {import('node:events').EventEmitter} this process, with a type that allows events of any name */
function emitter() {
  return process;
}

async function runChild() {
  const { isTTY, columns } = process.stderr;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...proxySetting(), ...process.env, [CHILD]: String(isTTY ? columns || 80 : 0) },
    stdio: ['inherit', 'inherit', 'pipe', 'ipc'],
  });
  let interruptedAt = Number.NEGATIVE_INFINITY;
  const onSigint = () => {
    const now = performance.now();
    if (now - interruptedAt < REPEATED) return;
    interruptedAt = now;
    if (child.connected) child.send(INTERRUPTED);
  };
  const handlers = {
    SIGINT: onSigint,
    SIGTERM: () => void child.kill('SIGTERM'),
    SIGHUP: () => void child.kill('SIGHUP'),
  };
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  const filtered = filterStream();
  child.stderr?.pipe(filtered);
  filtered.pipe(process.stderr);
  // If standard error is closed, its remaining text is read and dropped: the child would wait forever otherwise.
  process.stderr.once('error', () => filtered.resume());
  const [[code, signal]] = await Promise.all([once(child, 'close'), finished(filtered)]);
  for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
  if (signal === null) process.exitCode = code;
  else process.kill(process.pid, signal);
}

/**
 * Returns the environment variable that makes Node's fetch use the proxies that HTTP_PROXY and HTTPS_PROXY name. Returns none if one of
 * them isn't an HTTP proxy, such as socks5://, because Node doesn't support those.
 */
function proxySetting() {
  const { HTTP_PROXY, http_proxy, HTTPS_PROXY, https_proxy } = process.env;
  const proxies = [HTTP_PROXY, http_proxy, HTTPS_PROXY, https_proxy].filter(Boolean);
  const isKnown = proxies.length > 0 && proxies.every((proxy) => /^https?:\/\//i.test(String(proxy)));
  return isKnown ? { NODE_USE_ENV_PROXY: '1' } : {};
}

/** Returns a stream that filters the warnings. It reads the bytes as Latin-1, so that text in any encoding passes unchanged. */
function filterStream() {
  const filter = new WarningFilter();
  return new Transform({
    transform: (bytes, _, done) => done(null, Buffer.from(filter.take(bytes.toString('latin1')), 'latin1')),
    flush: (done) => done(null, Buffer.from(filter.end(), 'latin1')),
  });
}
