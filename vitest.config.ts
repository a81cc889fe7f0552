import { defineConfig } from 'vitest/config';

const GPU_TESTS = 'test/**/*.gpu.test.ts';
const BROWSER_TESTS = 'test/browser/**/*.test.ts';
/** Those that hold a browser to a time, which two at once would take. */
const TIMED_TESTS = ['responsive', 'session', 'spam_story', 'chat', 'worker', 'cycles'].map(
  (name) => `test/browser/${name}.test.ts`,
);
const PACKAGE_TESTS = 'test/packages/**/*.test.ts';
const PEFT_TESTS = 'test/with_peft/**/*.test.ts';
const SOAK_TESTS = 'test/**/*.soak.test.ts';

/** llvmpipe, Firefox's too, compiles what is run a few times: what its optimisations take is more than they bring. */
const env = { GALLIVM_PERF: 'nopt' };

/** What every test file begins with. */
const setupFiles = ['test/helpers/match_patterns.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        // Pure TypeScript. To import it anew for each file took longer than the tests.
        test: {
          name: 'node',
          setupFiles,
          include: ['test/**/*.test.ts'],
          exclude: [GPU_TESTS, BROWSER_TESTS, PACKAGE_TESTS, PEFT_TESTS, SOAK_TESTS],
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          // The usual five seconds are few on a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        // Dawn in Node, whose shaders compile on one core: two processes, each with one device for all of its files. Threads, or a
        // device per file, crash.
        test: {
          name: 'gpu',
          env,
          setupFiles,
          include: [GPU_TESTS],
          pool: 'forks',
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          // llvmpipe compiles a tile for seconds when it isn't in Mesa's cache.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Node drives real browsers that load the built library. Each waits a good deal, so two go side by side.
        test: {
          name: 'browser',
          env,
          setupFiles,
          include: [BROWSER_TESTS],
          exclude: [...TIMED_TESTS, SOAK_TESTS],
          pool: 'forks',
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        // One at a time.
        test: {
          name: 'timed',
          setupFiles,
          include: TIMED_TESTS,
          pool: 'forks',
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Projects of other people's, made anew from the package as npm would send it. Their tools come from npm's registry.
        test: {
          name: 'packages',
          env,
          setupFiles,
          include: [PACKAGE_TESTS],
          pool: 'forks',
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        // What takes long, in real browsers: `npm run test:soak`, not `npm test`.
        test: {
          name: 'soak',
          setupFiles,
          globalSetup: 'test/with_peft/global_setup.ts',
          include: [SOAK_TESTS],
          pool: 'forks',
          fileParallelism: false,
          sequence: { groupOrder: 6 },
          testTimeout: 3_600_000,
        },
      },
      {
        // Dawn in Node beside real PEFT, whose packages are installed first: `npm run test:peft`, not `npm test`.
        test: {
          name: 'peft',
          env,
          setupFiles,
          globalSetup: 'test/with_peft/global_setup.ts',
          include: [PEFT_TESTS],
          exclude: [SOAK_TESTS],
          pool: 'forks',
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 5 },
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
