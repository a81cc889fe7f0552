import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { WarningFilter } from '../../scripts/cli/native_warnings.mjs';
import { inRepository } from '../../scripts/shared/paths.mjs';
import { onExit, remove } from '../../scripts/shared/processes.mjs';

const LIMIT = 'artificially reduced from 1000000 to 16 to fit dynamic offset allocation limit.';
const DAWN = [
  `Warning: maxDynamicUniformBuffersPerPipelineLayout ${LIMIT}\n`,
  `Warning: maxDynamicStorageBuffersPerPipelineLayout ${LIMIT}\n`,
];

function filtered(...parts: readonly string[]): string {
  const filter = new WarningFilter();
  return parts.map((part) => filter.take(part)).join('') + filter.end();
}

describe('the filter of standard error', () => {
  const others = ['Warning: the cache is full\n', 'webvera finetune: there is no folder ./modl\n'];

  test('drops the two warnings, and keeps the lines around them', () => {
    expect(filtered(others[0]!, ...DAWN, others[1]!)).toBe(others.join(''));
    expect(filtered(DAWN.join('').replaceAll('\n', '\r\n'))).toBe('');
  });

  test('drops warnings that arrive byte by byte', () => {
    expect(filtered(...DAWN.join(''), ...others.join(''))).toBe(others.join(''));
  });

  test.each([
    'Warning: maxDynamicUniformBuffersPerPipelineLayout is odd\n',
    `Error in Warning: maxDynamicUniformBuffersPerPipelineLayout ${LIMIT}\n`,
    `Warning: maxDynamicUniformBuffersPerPipelineLayout ${LIMIT} And more\n`,
    `Warning: maxTextureDimension2D ${LIMIT}\n`,
    DAWN[0]!.trimEnd(),
    '\n\nWarning: \n',
    'a line without an end',
  ])('keeps %j', (text) => {
    expect(filtered(text)).toBe(text);
    expect(filtered(...text)).toBe(text);
  });

  test('passes a line without its end at once', () => {
    const filter = new WarningFilter();
    expect(filter.take('\r\u001b[2K[██] 1/4')).toBe('\r\u001b[2K[██] 1/4');
    expect(filter.take('Warning: max')).toBe('Warning: max');
    expect(filter.take(`\n${DAWN[0]}`)).toBe('\n');
  });
});

describe('a command whose standard error is filtered', () => {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-cli-'));
  afterAll(onExit(() => remove(folder)));

  /** Starts a script that runs these lines as a command. Dawn's warnings are filtered from its standard error. */
  function started(lines: string, env: NodeJS.ProcessEnv = {}) {
    const file = join(folder, `${crypto.randomUUID()}.mjs`);
    const names = '{ withoutDawnWarnings, onInterrupt }';
    const library = JSON.stringify(inRepository('scripts/cli/native_warnings.mjs'));
    writeFileSync(
      file,
      `import { writeSync } from 'node:fs';
import ${names} from ${library};
await withoutDawnWarnings(async () => {
${lines}
});`,
    );
    const child = spawn(process.execPath, [file, 'an argument'], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const printed = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      printed.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      printed.err += text;
    });
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...printed }));
    return { child, ended };
  }

  test('has its arguments, its input, its output and its exit code', async () => {
    const { child, ended } = started(`
      for await (const text of process.stdin) process.stdout.write(text);
      writeSync(2, ${JSON.stringify(`ä\n${DAWN.join('')}b\n`)});
      console.error(process.argv[2], process.stderr.isTTY, process.env.WEBVERA_CHILD);
      process.exitCode = 3;`);
    child.stdin.end('given');
    expect(await ended).toEqual({
      code: 3,
      signal: null,
      out: 'given',
      err: 'ä\nb\nan argument undefined undefined\n',
    });
  });

  test.each([
    ['1', { HTTPS_PROXY: 'http://proxy.example:3128' }],
    ['1', { HTTP_PROXY: 'http://proxy.example', https_proxy: 'https://proxy.example' }],
    ['0', { HTTPS_PROXY: 'http://proxy.example', NODE_USE_ENV_PROXY: '0' }],
    ['undefined', { HTTPS_PROXY: 'socks5://proxy.example:1080', HTTP_PROXY: 'http://proxy.example' }],
    ['undefined', { HTTPS_PROXY: 'proxy.example:3128' }],
    ['undefined', {}],
  ])('has NODE_USE_ENV_PROXY as %s with %j', async (expected, env) => {
    const none = { HTTP_PROXY: '', http_proxy: '', HTTPS_PROXY: '', https_proxy: '', NODE_USE_ENV_PROXY: undefined };
    const { ended } = started('console.log(process.env.NODE_USE_ENV_PROXY);', { ...none, ...env });
    expect(await ended).toMatchObject({ code: 0, out: `${expected}\n` });
  });

  test('ends by an error that nobody catches, and prints it', async () => {
    const { code, err } = await started("throw new Error('a defect');").ended;
    expect(code).toBe(1);
    expect(err).toContain('Error: a defect');
  });

  test.each([
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGTERM'],
  ] as const)('ends by %s', async (_, signal) => {
    const { child, ended } = started("console.log('ready'); setInterval(() => {}, 1000);");
    child.stdout.once('data', () => child.kill(signal));
    expect(await ended).toMatchObject({ code: null, signal, out: 'ready\n' });
  });

  test('hears an interrupt until it stops listening, and the next one ends it', async () => {
    const { child, ended } = started(`
      const alive = setInterval(() => {}, 1000);
      const stop = onInterrupt(() => {
        console.log('interrupted');
        stop();
      });
      console.log('ready', process.pid);`);
    const lines: string[] = [];
    let repeated: ReturnType<typeof setInterval> | undefined;
    onTestFinished(() => clearInterval(repeated));
    child.stdout.on('data', (text: string) => {
      lines.push(text);
      const pid = Number(/ready (\d+)/.exec(text)?.[1]);
      // Ctrl+C in a terminal interrupts both processes.
      if (pid > 0) process.kill(pid, 'SIGINT');
      // Several interrupts within half a second count as one. So of these, the first one interrupts, and a later one ends the command.
      repeated ??= setInterval(() => child.kill('SIGINT'), 50);
    });
    expect(await ended).toMatchObject({
      code: null,
      signal: 'SIGINT',
      out: expect.stringMatching(/^ready \d+\ninterrupted\n$/),
    });
    expect(lines).toHaveLength(2);
  });

  test('ends when its parent is killed', async () => {
    const { child, ended } = started('console.log(process.pid); setInterval(() => {}, 1000);');
    const pid = await new Promise<number>((resolve) => child.stdout.once('data', (text) => resolve(Number(text))));
    child.kill('SIGKILL');
    await ended;
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    // In a container without an init process, a dead process remains as a zombie, because its new parent doesn't wait for it.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
