import { afterEach, expect, test, vi } from 'vitest';
import { estimateLines, printEstimate } from '../../../scripts/finetune/estimate_report.mjs';
import { type Change, estimateRun } from '../../../scripts/finetune/estimate_run.mjs';
import { readFinetuneOptions } from '../../../scripts/finetune/finetune_options.mjs';
import { type Estimate, type EstimatePlan, estimate, Session } from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';

const MIB = 2 ** 20;
const { settings } = readFinetuneOptions(['--r', '4', '--max_length', '64', '--dtype', 'float16']) as Exclude<
  ReturnType<typeof readFinetuneOptions>,
  'help'
>;
const BATCHES = { per_device_train_batch_size: 1, gradient_accumulation_steps: 2 };

/**
 * Makes a fake `estimate` that depends only on the storage format of the weights (`dtype`): with the formats in `fits`, the model
 * fits; for those in `suggested`, the estimate suggests this change of arguments.
 */
function told(fits: readonly string[], suggested: Readonly<Record<string, Change>> = {}) {
  return async (_: unknown, { dtype = 'auto' }: EstimatePlan = {}): Promise<Estimate> => {
    const gpu = { weights: 1, adapter: 2, optimizer: 3, activations: 4, workspace: 5, total: 15, largest_buffer: 6 };
    const change = suggested[dtype];
    return {
      download: { total: 7, cached: 0 },
      file: { float32: 9, float16: 5 },
      gpu,
      step: { flops: 8, seconds: undefined },
      ...(fits.includes(dtype)
        ? { verdict: 'fits', reasons: [] }
        : { verdict: 'does-not-fit', reasons: ['It is too large'] }),
      suggestions: change === undefined ? [] : [change],
    };
  };
}

function run(estimateIt: typeof estimate, dtype: 'float16' | 'q8' | 'q4' = 'float16', memory?: number) {
  const options = { worker: false, store: 'memory' } as const;
  const job = { ...settings, dtype, base: settings.model, prompt: '' };
  const asked = { options, source: goldenBase('base/llama'), job, ...(memory !== undefined && { memory }) };
  return estimateRun({ Session, estimate: estimateIt }, asked);
}

afterEach(() => {
  process.exitCode = undefined;
});

test('an estimate lists the parts of the memory', async () => {
  const { estimate: found, changes } = await run(estimate, 'float16', 2 ** 30);
  expect([found.verdict, changes]).toEqual(['fits', []]);
  const lines = estimateLines(settings, { estimate: found, changes });
  expect(lines[0]).toBe('prose-1.4M, VeRA r 4, batches of 2 texts of 64 tokens:');
  for (const part of ['download', 'weights', 'adapter', 'optimizer', 'activations', 'workspace', 'largest buffer']) {
    expect(lines.filter((line) => line.startsWith(`  ${part} `))).toHaveLength(1);
  }
  const inAll = (found.gpu.total / MIB).toFixed(1);
  expect(lines.join('\n')).toMatch(new RegExp(`GPU memory in all +${inAll} MiB`));
  expect(lines.at(-1)).toBe('It fits, as far as is known.');
});

test.each<readonly [string, readonly string[], Readonly<Record<string, Change>>, readonly Change[]]>([
  ['its own arguments, and weights that take less', ['q8', 'q4'], { float16: BATCHES }, [BATCHES, { dtype: 'q8' }]],
  ['the least of weights where more takes too much', ['q4'], {}, [{ dtype: 'q4' }]],
  ['both together', [], { q4: BATCHES }, [{ dtype: 'q4', ...BATCHES }]],
  ['nothing', [], {}, []],
])('where it doesn’t fit, what helps: %s', async (_, fits, suggested, changes) => {
  expect((await run(told(fits, suggested))).changes).toEqual(changes);
});

test('packed weights are not packed to a larger storage', async () => {
  expect((await run(told(['q8', 'q4']), 'q4')).changes).toEqual([]);
  expect((await run(told(['q4']), 'q8')).changes).toEqual([{ dtype: 'q4' }]);
});

test('a run that doesn’t fit ends the command with 1, and with options that help', async () => {
  const found = await run(told(['q4'], { float16: { ...BATCHES, gradient_checkpointing: true, max_length: 32 } }));
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  printEstimate(settings, found);
  print.mockRestore();
  expect(process.exitCode).toBe(1);
  const lines = estimateLines(settings, found);
  const changes = lines.slice(lines.indexOf('Better with') + 1).map((line) => line.trim());
  expect(changes).toEqual([
    '--per_device_train_batch_size 1 --gradient_accumulation_steps 2 --gradient_checkpointing --max_length 32',
    '--dtype q4',
  ]);
  for (const change of changes) expect(() => readFinetuneOptions(change.split(' '))).not.toThrow();
});

test('--memory is in MiB, and needs --estimate', () => {
  const read = (...argv: string[]) => {
    const options = readFinetuneOptions(argv);
    return options === 'help' ? undefined : options.estimating;
  };
  expect(read()).toBeUndefined();
  expect(read('--estimate')).toEqual({});
  expect(read('--estimate', '--memory', '512')).toEqual({ memory: 512 * MIB });
  expect(() => read('--memory', '512')).toThrow('--memory needs --estimate');
  expect(() => read('--estimate', '--memory', '0')).toThrow('--memory must be a whole number from 1');
});
