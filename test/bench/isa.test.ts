import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { driverFailure, readCompiled } from '../../bench/isa/compile_for.mjs';
import { isaReport, isaTable, mainLoops, readLoops, shareOf } from '../../bench/isa/isa_report.mjs';
import { isaSources } from '../../bench/isa/kernel_sources.mjs';
import { bindingsOf, readPrinted } from '../../bench/isa/spirv.mjs';
import { readAmd } from '../../bench/isa/vendors/amd.mjs';
import { readBenchOptions } from '../../bench/options/bench_options.mjs';

/**
 * The loops of a product kernel, shortened. A turn of the outer loop stages 16 values along K, and each turn of the inner loop uses one of
 * them.
 */
const NESTED = `BB0:
	s_mov_b32 s6, 0                                             ; be860080
BB1:
	s_cmp_ge_u32 s6, s14                                        ; bf090e06
	s_cbranch_scc1 BB5                                          ; bfa20104
BB2:
	global_load_b128 v[4:7], v3, s[4:5]                         ; dc5e0000 04040003
	s_waitcnt vmcnt(0)                                          ; bf8903f7
	ds_store_b128 v8, v[4:7]                                    ; db7c0000 00000408
	s_nop 0                                                     ; bf800000
	(then repeated 8 times)
	s_mov_b32 s0, 0                                             ; be800080
BB3:
	v_lshlrev_b32_e32 v9, 4, v1                                 ; 30120284
	ds_load_b128 v[10:13], v9 offset:4352                       ; dbfc1100 0a000009
	v_fmac_f32_e32 v26, v95, v83                                ; 5634a75f
	v_dual_fmac_f32 v2, v3, v4 :: v_dual_fmac_f32 v5, v6, v7    ; c8000903 02040f06
	s_add_u32 s0, s0, 1                                         ; 80008100
	s_cmp_ge_u32 s0, 16                                         ; bf099000
	s_cbranch_scc0 BB3                                          ; bfa1ffa1
BB4:
	s_add_u32 s6, s6, 16                                        ; 80069006
	s_branch BB1                                                ; bfa0fef6
BB5:
	s_endpgm                                                    ; bfb00000
`;

test('loops are found with their instructions, and the turns of the inner one', () => {
  const inTurn = { scalar: 2, control: 1, lds: 1, memory: 0, spill: 0 };
  const around = { scalar: 35, control: 20, lds: 17, memory: 1, spill: 0 };
  expect(readLoops(NESTED)).toEqual([
    {
      ...{ blocks: ['BB3', 'BB3'], turns: 16, multiply_adds: 3, vector: 4, share: 0.75, ...inTurn },
      around: { blocks: ['BB1', 'BB4'], multiply_adds: 48, vector: 64, share: 0.75, ...around },
    },
  ]);
});

const loop = (start: string, body: string): string => `BB0:\n${start}\nBB1:\n${body}\nBB9:\n\ts_endpgm\n`;

test.each([
  ['adds, then compares', 's_movk_i32 s3, 0x10', 's_add_i32 s3, s3, 4\ns_cmp_lt_u32 s3, 32\ns_cbranch_scc1 BB1', 4],
  [
    'compares, then adds',
    's_mov_b32 s3, 0',
    's_cmp_eq_u32 s3, 8\ns_cbranch_scc1 BB9\ns_addk_i32 s3, 2\ns_branch BB1',
    4,
  ],
  ['counts down', 's_mov_b32 s3, 4', 's_add_u32 s3, s3, -1\ns_cmp_lg_u32 s3, 0\ns_cbranch_scc1 BB1', 4],
  [
    'ends where the data say',
    's_mov_b32 s3, 0',
    's_add_u32 s3, s3, 1\ns_cmp_ge_u32 s3, s9\ns_cbranch_scc0 BB1',
    undefined,
  ],
  ['never ends', 's_mov_b32 s3, 1', 's_add_u32 s3, s3, 2\ns_cmp_eq_u32 s3, 8\ns_cbranch_scc0 BB1', undefined],
  [
    'begins anywhere',
    's_load_b64 s[2:3], s[0:1], 0x0',
    's_add_u32 s3, s3, 1\ns_cmp_ge_u32 s3, 8\ns_cbranch_scc0 BB1',
    undefined,
  ],
  [
    'ends by lanes, too',
    's_mov_b32 s3, 0',
    's_cbranch_execz BB9\nBB2:\ns_add_u32 s3, s3, 1\ns_cmp_ge_u32 s3, 8\ns_cbranch_scc0 BB1',
    undefined,
  ],
])('turns of a loop that %s', (_how, start, body, turns) => {
  expect(readLoops(loop(start, body)).map((one) => one.turns)).toEqual([turns]);
});

test('two branches back to one block make one loop', () => {
  const body = 's_cbranch_vccnz BB1\nBB2:\nv_add_f32 v0, v1, v2\ns_cbranch_vccnz BB1';
  expect(readLoops(loop('', body))).toMatchObject([{ blocks: ['BB1', 'BB2'], vector: 1, control: 2 }]);
});

test('instructions are counted by kind', () => {
  const names = (text: string): string[] => text.split(' ');
  const kindOf = (name: string) => readAmd(`BB0:\n\t${name}`).flatMap((line) => ('kind' in line ? [line.kind] : []));
  const multiplyAdds =
    'v_fma_f32 v_fmac_f32_e32 v_mac_f32_e32 v_fmaak_f32 v_mad_f32 v_pk_fma_f16 v_pk_fma_f32 v_fma_mix_f32 v_dot2_f32_f16 v_dual_fmac_f32 v_wmma_f32_16x16x16_f16';
  for (const name of names(multiplyAdds)) expect(kindOf(name), name).toEqual(['multiply_add']);
  for (const name of names(
    'v_mad_u32_u24 v_mad_u64_u32 v_mul_f32_e32 v_min_u32_e32 v_dual_mov_b32 v_cmpx_gt_u32_e32',
  )) {
    expect(kindOf(name), name).toEqual(['other']);
  }
  for (const name of names('s_add_u32 s_load_b128')) expect(kindOf(name), name).toEqual(['scalar']);
  for (const name of names('s_cbranch_scc0 s_waitcnt s_delay_alu s_barrier s_clause')) {
    expect(kindOf(name), name).toEqual(['control']);
  }
  expect(kindOf('ds_load_b128')).toEqual(['workgroup']);
  expect(kindOf('scratch_load_b32')).toEqual(['spill']);
  for (const name of names('global_load_b128 buffer_load_dwordx4 flat_load_dword')) {
    expect(kindOf(name), name).toEqual(['memory']);
  }
  expect(() => kindOf('exp')).toThrow('exp');
});

test('operands are read without the encoding', () => {
  const stored = { name: 'ds_store_b128', operands: ['v8', 'v[4:7]'] };
  expect(readAmd(NESTED)).toContainEqual(expect.objectContaining(stored));
});

const compiledOf = (assembly: string) => ({
  subgroup: 64,
  statistics: {
    VGPRs: 120,
    SGPRs: 128,
    'Spilled VGPRs': 1,
    'Spilled SGPRs': 2,
    'LDS size': 8704,
    'Subgroups per SIMD': 8,
    Instructions: 1773,
  },
  assembly,
});

test('the report and its table', () => {
  const kernels = [
    { kernel: 'linear', variant: 'workgroup', compiled: compiledOf(NESTED) },
    { kernel: 'copy', variant: 'default', compiled: compiledOf('BB0:\n\ts_endpgm\n') },
  ];
  const report = isaReport({ gpu: 'navi31', device: 'NAVI31', kernels });
  expect(report.kernels[0]).toMatchObject({
    vgprs: 120,
    spilled: 3,
    waves_per_simd: 8,
    loops: [
      { turns: 16, multiply_adds: 3, vector: 4, share: 0.75, around: { multiply_adds: 48, vector: 64, lds: 17 } },
    ],
  });
  const table = isaTable(report);
  expect(table).toContain('navi31 (NAVI31), waves of 64 threads');
  expect(table).toMatch(/^linear\/workgroup +120 +128 +3 +8,704 +8 +1,773 +3 of 4 +75 % +75 % +2 +1 +0$/m);
  expect(table).toMatch(/^copy +120 +128 +3 +8,704 +8 +1,773$/m);
});

test('loops at edges are not shown', () => {
  const loops = [0, 1, 64, 128].map((multiply_adds) => ({ multiply_adds }));
  expect(mainLoops(loops)).toEqual([{ multiply_adds: 64 }, { multiply_adds: 128 }]);
  expect(mainLoops([{ multiply_adds: 0 }])).toEqual([]);
});

test('the loop over the rest of K does not count in the share', () => {
  const loop = (multiply_adds: number, share: number, around?: number) => ({
    multiply_adds,
    share,
    around: around === undefined ? undefined : { blocks: [], share: around },
  });
  expect(shareOf([loop(256, 0.98, 0.94), loop(256, 0.98)] as never)).toBe(0.94);
  expect(shareOf([loop(64, 0.9, 0.8), loop(128, 0.6)] as never)).toBeCloseTo(0.7);
});

test('the compiler’s output is read in the order of the shaders', () => {
  const one = (value: number) =>
    `@shader 0.spv\n@executable Compute\t64\n@statistic VGPRs\t${value}\n@text ACO IR\nbb0\n@end text\n@text Assembly\nBB0:\n\ts_endpgm\n\n@end text\n@end\n`;
  const { device, compiled } = readCompiled(`@device RADV\n${one(12)}${one(24)}`);
  expect(device).toBe('RADV');
  expect(compiled).toEqual(
    [12, 24].map((VGPRs) => ({ subgroup: 64, statistics: { VGPRs }, assembly: 'BB0:\n\ts_endpgm' })),
  );
  expect(() => readCompiled('@device RADV\n@shader a\n@error -13\n@end\n')).toThrow('@error -13');
  expect(() => readCompiled('@device RADV\n@shader a\n@died 11\n@end\n')).toThrow('@died 11');
});

test('SPIR-V and its bindings are found in Dawn’s output', () => {
  const spirv = (id: string) =>
    `; SPIR-V\n OpDecorate %${id} Binding 2\n OpDecorate %1 Binding 0\n %1 = OpVariable %_ptr_p Uniform\n OpFunctionEnd\n`;
  const part = (index: number) =>
    `// Dumped WGSL:\n// shader ${index}\nfn main() {}\n/* Dumped SPIRV disassembly */\n${spirv(`x${index}`)}`;
  const texts = readPrinted(`${part(0)}${part(1)}\n`);
  expect([...texts]).toEqual([
    [0, spirv('x0')],
    [1, spirv('x1')],
  ]);
  expect(bindingsOf(texts.get(1) ?? '')).toBe('u-s');
});

test('options are read and checked', () => {
  const options = (line: string) => readBenchOptions(`--only isa ${line}`.trim().split(' '));
  const isa = { gpus: ['navi31'], chosen: false, kernel: undefined, compare: undefined, json: false };
  expect(options('')).toEqual({ isa });
  expect(options('--gpu vega10 --isa linear/row --compare tfjs --json')).toEqual({
    isa: { ...isa, gpus: ['vega10'], kernel: 'linear/row', compare: 'tfjs', json: true },
  });
  expect(options('--gpu tgl,m1 --chosen')).toEqual({ isa: { ...isa, gpus: ['tgl', 'm1'], chosen: true } });
  expect(() => options('--gpu a;b')).toThrow('--gpu must be a name');
  expect(() => options('--gpu tgl,m1')).toThrow('--gpu with several names needs --chosen');
  expect(() => options('--compare onnx')).toThrow('--compare must be jax or tfjs');
  for (const other of ['--tuned', '--rounds 2', '--adapter gpu', '--case small', '--dtype q8', '--arithmetic f16']) {
    expect(() => options(other)).toThrow(' is about what is run');
  }
  expect(() => readBenchOptions(['--gpu', 'navi31'])).toThrow('--gpu needs --only isa');
  expect(() => readBenchOptions(['--chosen'])).toThrow('--chosen needs --only isa');
});

test('kernels are the variants that a GPU may get', () => {
  const names = isaSources().map(({ kernel, variant }) => `${kernel}/${variant}`);
  expect(names).toEqual(
    expect.arrayContaining([
      ...['linear/workgroup', 'linear/register', 'linear/f16', 'linear/subgroup_matrix'],
      ...['attention/workgroup.both_ways', 'add/default'],
    ]),
  );
  expect(names.filter((name) => /serial|subgroup(?!_matrix)|held|\.f16/.test(name))).toEqual([]);
  expect(isaSources('linear.ragged.f16/workgroup')).toMatchObject([
    { kernel: 'linear.ragged.f16', variant: 'workgroup' },
  ]);
  expect(isaSources('rms_norm').map(({ variant }) => variant)).toEqual(['words', 'default']);
  expect(() => isaSources('linear/nothing')).toThrow('has no variant nothing');
});

test('missing parts are reported with the command that installs them', () => {
  const bench = fileURLToPath(new URL('../../bench/bench.mjs', import.meta.url));
  const env = { ...process.env, PATH: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bench, '--only', 'isa'], { env, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/a C compiler[\s\S]*spirv-as[\s\S]*apt-get install gcc libc6-dev libvulkan-dev spirv-tools/);
});

test('a driver that no longer simulates a GPU gets another message than one that fails', () => {
  const dropped = driverFailure('navi31', 'RADV_FORCE_FAMILY has been removed. Please use AMDGPU drm-shim now.');
  expect(dropped.message).toMatch(/Expected Mesa before 26\.1.*bench\/isa\/vendors\/setup\.sh/);
  expect(driverFailure('navi31', 'out of memory').message).toBe(
    "Mesa's driver compiled nothing for navi31:\nout of memory",
  );
});
