// Keeps two warnings of Dawn's out of a command's standard error. Dawn writes them to the file descriptor itself, as soon as it looks for
// adapters, so the command runs in a process of its own, whose standard error passes through this one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Transform } from 'node:stream';
import { finished } from 'node:stream/promises';

/** The environment variable of the child. Its value is the terminal's width, or 0 if standard error goes elsewhere. */
const CHILD = 'WEBVERA_CHILD';
const DAWN =
  /^Warning: maxDynamic(?:Uniform|Storage)BuffersPerPipelineLayout artificially reduced from \d+ to \d+ to fit dynamic offset allocation limit\.\r?\n$/;
/** The text that both warnings begin with. */
const BEGINNING = 'Warning: maxDynamic';
/** The parent's message to its child, and the event that the child emits for it. */
const INTERRUPTED = 'interrupted';

/** Standard error without the two warnings. Everything else passes at once, also a line without its end. */
export class WarningFilter {
  /** The beginning of a line that may become a warning. */
  #held = '';
  /** Whether the beginning of the present line has passed. */
  #isWithin = false;

  /** @param {string} text @returns {string} the text that passes */
  take(text) {
    const lines = (this.#held + text).split(/(?<=\n)/);
    this.#held = '';
    return lines.map((line) => this.#passed(line)).join('');
  }

  /** Returns the held beginning of a line, at the end of the output. */
  end() {
    return this.#held;
  }

  /** @param {string} line with its end, unless it is the last one */
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
 * Starts the same command again as a child of this process, and ends like the child: with its exit code, or by its signal. The child has
 * this process's standard input and output. In the child, this function runs `body`.
 * @param {() => Promise<void>} body
 */
export async function withoutDawnWarnings(body) {
  const { [CHILD]: width } = process.env;
  if (width === undefined) return runChild();
  delete process.env[CHILD];
  if (width !== '0') Object.assign(process.stderr, { isTTY: true, columns: Number(width) });
  // Ctrl-C interrupts this process and its parent, a signal interrupts the parent alone. So only the parent's message counts.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  process.on('message', () => {
    if (emitter().emit(INTERRUPTED)) return;
    process.off('SIGINT', ignore);
    process.kill(process.pid, 'SIGINT');
  });
  process.once('disconnect', () => process.exit(1)); // the parent was killed
  // The channel must not keep this process alive.
  process.channel?.unref();
  await body();
}

/**
 * Calls `listener` when the user first interrupts the command, by Ctrl-C or a signal. Without a listener an interrupt ends the command.
 * @param {() => void} listener
 * @returns {() => void} stops listening
 */
export function onceInterrupted(listener) {
  emitter().once(INTERRUPTED, listener);
  return () => void emitter().off(INTERRUPTED, listener);
}

/** @returns {import('node:events').EventEmitter} this process, with events that its type lacks */
function emitter() {
  return process;
}

async function runChild() {
  const { isTTY, columns } = process.stderr;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, [CHILD]: String(isTTY ? columns || 80 : 0) },
    stdio: ['inherit', 'inherit', 'pipe', 'ipc'],
  });
  const handlers = {
    SIGINT: () => void (child.connected && child.send(INTERRUPTED)),
    SIGTERM: () => void child.kill('SIGTERM'),
    SIGHUP: () => void child.kill('SIGHUP'),
  };
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  const filtered = filterStream();
  child.stderr?.pipe(filtered);
  filtered.pipe(process.stderr);
  // Without a reader of standard error the child would wait forever, so the rest is dropped.
  process.stderr.once('error', () => filtered.resume());
  const [[code, signal]] = await Promise.all([once(child, 'close'), finished(filtered)]);
  for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
  if (signal === null) process.exitCode = code;
  else process.kill(process.pid, signal);
}

/** Bytes are taken as characters, so that they pass unchanged whatever their encoding. */
function filterStream() {
  const filter = new WarningFilter();
  return new Transform({
    transform: (bytes, _, done) => done(null, Buffer.from(filter.take(bytes.toString('latin1')), 'latin1')),
    flush: (done) => done(null, Buffer.from(filter.end(), 'latin1')),
  });
}
