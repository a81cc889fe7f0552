import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import type { Ring } from './test/helpers/ring';
import { ProjectSequencer } from './test/times/sequencer';

const GPU = 'test/**/*.gpu.test.ts';
/** Of kernels whose tiles take long to compile, and are run a few times. */
const KERNELS = [
  'test/ops/{products,vera,lora,mixed,attention}/*.gpu.test.ts',
  'test/twins/*.gpu.test.ts',
  'test/bench/bench.gpu.test.ts',
  'test/api/{arithmetic,gpus,runs/resumed_kernels}.gpu.test.ts',
];
const BUILT = 'test/built/**/*.test.ts';
const BROWSER = 'test/browser/**/*.test.ts';
const PACKAGES = 'test/packages/**/*.test.ts';
const PEFT = 'test/with_peft/**/*.test.ts';
/** Files for `npm run test:all` alone. */
const ALL = 'test/**/*.{all,all.gpu,clock}.test.ts';
/** Files for `npm run test:soak` alone. */
const SOAK = 'test/**/*.soak.test.ts';

/** A newcomer's first ten minutes. */
const NEWCOMER = 'test/packages/newcomer.soak.test.ts';

/**
 * Files whose cases are a product of options. `npm test` has those that cover each pair of options, `npm run test:all` the rest: each
 * file says which by `ofRing`.
 */
const PRODUCTS = ['test/{naga,tokenizer/tokenizer}.test.ts'];
const KERNEL_PRODUCTS = [
  'test/ops/attention/attention.gpu.test.ts',
  'test/ops/products/{f16,linear,linear_shard,linears,rms_norm_linear,swiglu_linear,turned_linears}.gpu.test.ts',
  'test/{ops/{vera,lora},twins}/*.gpu.test.ts',
  'test/bench/bench.gpu.test.ts',
  'test/api/{arithmetic,gpus}.gpu.test.ts',
];
/** Kernels that `npm run test:all` alone tests. */
const KERNELS_ALONE = 'test/{ops/**/*,api/kernels}.all.gpu.test.ts';
const GPU_PRODUCTS = [
  'test/tint.gpu.test.ts',
  'test/ops/{add,sample_candidates}.gpu.test.ts',
  'test/api/**/{export_run,generate_batch,numerical_failures,profile_images,resume}.gpu.test.ts',
  'test/{api,train}/golden.gpu.test.ts',
  'test/generate/generator.gpu.test.ts',
  'test/peft/{decoder_models,families}.gpu.test.ts',
];
/** Files that hold a promise of time, which `npm run test:all` alone does. */
const CLOCKED = [
  'test/page/rpc/{restart,loading}.test.ts',
  'test/chat/hostile_templates.test.ts',
  'test/api/{generation/chat,runs/cancel_anywhere}.gpu.test.ts',
  'test/browser/**/{chat,failures,other_origin,session,worker}.test.ts',
  'test/browser/**/*.clock.test.ts',
];
const BROWSER_PRODUCTS = [
  'test/browser/**/{bench_page,csp,degraded,demo,demo_files,demo_offline,embed,embed_trouble}.test.ts',
  'test/browser/**/{examples,finetune,golden,images,kept,other_origin,page_troubles,readme,resume,session}.test.ts',
];

/** Files that leave cases to `npm run test:soak`, by `ofRing` or `testInSoak`. */
const BROWSER_SOAK = [
  'test/browser/**/{classified.all,embed_labels,example_troubles,failures,golden,preferences.all}.test.ts',
  'test/packages/{bundlers,guides}.all.test.ts',
];

/** At least two. Node's tests, and Dawn's, wait a good deal: one process more than there are cores. */
const CORES = Math.max(2, availableParallelism());

const SETUP = ['helpers/match_patterns', 'helpers/unstub_globals', 'helpers/fixed_seed', 'times/setup'].map(
  (name) => `test/${name}.ts`,
);

type Options = NonNullable<TestProjectInlineConfiguration['test']>;

/** Compiled shaders are kept from file to file, and from run to run. */
const kept = (folder: string): string =>
  fileURLToPath(new URL(`node_modules/.cache/webvera/${folder}/`, import.meta.url));
/** llvmpipe, Firefox's too, with four lanes in place of eight: half the time to compile. */
const fourLanes = { LP_NATIVE_VECTOR_WIDTH: '128', MESA_SHADER_CACHE_DIR: kept('shaders') };
/** llvmpipe in Node computes on the thread that asks it to: the processes of a project occupy all cores already. */
const oneThread = { LP_NUM_THREADS: '0' };
/** What runs once or twice is compiled without optimisations. */
const unoptimised = { ...fourLanes, GALLIVM_PERF: 'nopt', MESA_SHADER_CACHE_DIR: kept('unoptimised') };

/** Without Dawn's checks of indices a page of Chromium takes a fifth less CPU time. Dawn in Node, `packages` and `all:clock` keep them. */
const unchecked = { ...unoptimised, WEBVERA_DAWN_FEATURES: 'disable_robustness' };

/** TypeScript alone. To import it anew for each file took longer than the tests. */
const node: Options = {
  isolate: false,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  maxWorkers: CORES + 1,
  sequence: { groupOrder: 0 },
};
/** Dawn in Node: each process has one device for all of its files. Threads, or a device per file, crash. */
const gpu: Options = {
  isolate: false,
  testTimeout: 240_000,
  hookTimeout: 240_000,
  maxWorkers: CORES + 1,
  sequence: { groupOrder: 1 },
  env: { ...fourLanes, ...oneThread },
};
const kernels: Options = { ...gpu, env: { ...unoptimised, ...oneThread } };
/** Node drives real browsers that load the built library. Each process has one of each kind for all of its files. */
const browser: Options = {
  isolate: false,
  testTimeout: 300_000,
  hookTimeout: 300_000,
  setupFiles: [...SETUP, 'test/browser/helpers/trail_setup.ts'],
};
/** One file at a time, with nothing beside. */
const alone: Options = { maxWorkers: 1, fileParallelism: false, sequence: { groupOrder: 3 } };

/** A project of a ring. Those of one order share their processes, so that none waits for another's last file. */
function project(name: string, options: Options): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      env: fourLanes,
      setupFiles: SETUP,
      pool: 'forks',
      maxWorkers: CORES,
      sequence: { groupOrder: 2 },
      provide: { ring: ringOf(name) },
      expect: { poll: { timeout: 100_000 } },
      ...options,
    },
  };
}

function ringOf(project: string): Ring {
  if (project === 'all:clock') return 'clock';
  if (project.startsWith('quick:')) return 'quick';
  if (project.startsWith('soak:')) return 'soak';
  return project.startsWith('all:') ? 'all' : 'test';
}

export default defineConfig({
  test: {
    sequence: { sequencer: ProjectSequencer },
    projects: [
      project('node', {
        ...node,
        include: ['test/**/*.test.ts'],
        exclude: [GPU, BUILT, BROWSER, PACKAGES, PEFT, ALL, SOAK],
      }),
      project('built', { ...node, include: [BUILT] }),
      project('kernels', { ...kernels, include: KERNELS, exclude: [ALL] }),
      project('gpu', { ...gpu, include: [GPU], exclude: [...KERNELS, ALL] }),
      // Before the shorter files of browsers, so that the last minute isn't one file's.
      project('packages', { ...browser, include: [PACKAGES], exclude: [ALL, SOAK] }),
      // Firefox computes on llvmpipe, Chromium on SwiftShader.
      project('browser', { ...browser, env: unchecked, include: [BROWSER], exclude: [ALL, SOAK] }),

      project('quick:kernels', {
        ...kernels,
        include: ['test/ops/**/*.gpu.test.ts', 'test/train/golden.gpu.test.ts'],
        // Tiles for devices that are asked for them, and draws in every way.
        exclude: ['test/ops/products/f16.gpu.test.ts', 'test/ops/sample_candidates.gpu.test.ts', ALL],
      }),
      project('quick:browser', { ...browser, include: ['test/browser/smoke.test.ts'] }),

      project('all:node', { ...node, include: [...PRODUCTS, ALL], exclude: [GPU, BROWSER, PACKAGES, PEFT] }),
      project('all:kernels', { ...kernels, include: [...KERNEL_PRODUCTS, KERNELS_ALONE] }),
      project('all:gpu', {
        ...gpu,
        include: [...GPU_PRODUCTS, 'test/**/*.all.gpu.test.ts'],
        exclude: [KERNELS_ALONE],
      }),
      project('all:packages', { ...browser, include: ['test/packages/**/*.all.test.ts'] }),
      // Promises about time. Their limits hold on a machine with two other busy processes, so other files may run beside them.
      project('all:clock', { ...browser, env: unoptimised, include: CLOCKED }),
      project('all:browser', {
        ...browser,
        env: unchecked,
        include: [...BROWSER_PRODUCTS, 'test/browser/**/*.all.test.ts'],
      }),
      // Dawn in Node beside real PEFT, whose packages are installed first.
      project('peft', {
        ...gpu,
        globalSetup: 'test/with_peft/lib/global_setup.ts',
        include: [PEFT],
        exclude: [SOAK],
        testTimeout: 300_000,
      }),

      // Combinations of tiles, shapes and storage formats whose parts `npm test` and `npm run test:all` have in other combinations.
      project('soak:kernels', { ...kernels, include: KERNEL_PRODUCTS }),
      project('soak:browser', { ...browser, include: BROWSER_SOAK }),
      // What takes long, in real browsers, one file at a time.
      project('soak', {
        ...browser,
        ...alone,
        globalSetup: 'test/with_peft/lib/global_setup.ts',
        include: [SOAK],
        testTimeout: 3_600_000,
      }),
      // `npm run newcomer`: the same file without PEFT.
      project('newcomer', { ...browser, ...alone, include: [NEWCOMER], testTimeout: 3_600_000 }),
    ],
  },
});
