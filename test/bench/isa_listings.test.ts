import { expect, test } from 'vitest';
import { readAmd } from '../../bench/isa/vendors/amd.mjs';
import { readApple } from '../../bench/isa/vendors/apple.mjs';
import { readArm } from '../../bench/isa/vendors/arm.mjs';
import { readIntel } from '../../bench/isa/vendors/intel.mjs';
import { kindsIn, type Line, NO_KINDS } from '../../bench/isa/vendors/listing.mjs';
import { readNvidia } from '../../bench/isa/vendors/nvidia.mjs';
import { readQualcomm } from '../../bench/isa/vendors/qualcomm.mjs';
import { loopsIn, stepsOf } from '../../bench/isa/vendors/steps.mjs';

/* Lines as the drivers print them. */

const INTEL = `
LABEL14:
send(8)         nullUD          g65UD           g2UD            0x020260fe                0x00000100
                hdc1 MsgDesc: (DC untyped surface write, Surface = 254, SIMD8, Mask = 0x0)  mlen 1 ex_mlen 4 rlen 0 { align1 1Q @1 $0 };
send(8)         g25UD           g86UD           nullUD          0x02406004                0x00000000
                hdc1 MsgDesc: (DC untyped surface read, Surface = 4, SIMD8, Mask = 0x0)  mlen 1 ex_mlen 0 rlen 4 { align1 1Q $4 };
send(8)         g5UD            g6UD            nullUD          0x02106efd                0x00000000
                hdc0 MsgDesc: (OWORD block read, bti 253, owords = 2) { align1 WE_all 1Q $1 };
mad(8)          g22<1>F         g10<8,8,1>F     g5<8,8,1>F      g64<1,1,1>F { align1 1Q $10.dst compacted };
mul(8)          g91<1>D         g90<8,8,1>D     272W            { align1 1Q @3 compacted };
add(8)          g14<1>D         g14<0,1,0>D     g1.2<0,1,0>D    { align1 WE_all 1Q compacted };
sync nop(1)                     null<0,1,0>UB                   { align1 WE_all 1N $1.dst };
while(8)        JIP:  LABEL14                                   { align1 1Q };
`;

const NVIDIA = `
block.u 14 L35 [13, 45] -> {
      r32..36 = ld.shared.strong.cta.b128 [r30], pT             // delay=1 wr:0
      r29..33 = ld.global.a64.constant.b128 [r52..54], pT       // delay=2 wr:0
                st.local.b128 [r1+0x10] r32..36                 // delay=1
      r24     = ffma.ftz r36 r32 r24                            // delay=4
      r27     = imnmx.u32 r27 ur9 pT                            // delay=4
      ur8     = iadd3 ur8 0x20 rZ                               // delay=1
@!p0            bra pT L36                                      // delay=1
                bra !up0 L79                                    // delay=1
} -> [15, 45]
block.u 15 L36 [14] -> {
@p0   r1      = ffma.ftz r36 r32 r24                            // delay=4
                exit                                            // delay=5
} -> []
block.u 16 L79 [14] -> {
                bra pT L35                                      // delay=1
} -> [14]
`;

const QUALCOMM = `
shader: MESA_SHADER_COMPUTE
l185:
(nop3) sad.s32 r17.x, c12.z, r14.z, r53.x
add.u r52.w, r52.w, 1
ldl.u32 r17.y, l[r16.w], 4
ldib.b.untyped.1d.u32.4.imm.base0 r0.x, r1.x, 3
stp.u32 p[r61.y], r0.x, 4
(rpt1)mad.f32 r10.y, (r)(last)r1.z, r1.y, (r)(last)r22.y
madsh.m16 r0.x, r1.x, r2.x, r3.x
br p0.x, #l247
jump #l185
l247:
end
`;

const APPLE = `
   0: 62000000               ldimm    r0l, 0
   0: f2053300               mov      $r1, thread_index_in_threadgroup
   4: bac180822a60822e       ffma     $r80, $r96, $r84, r80
   c: 4581240e72c9f200       store    r48_r49_r50_r51, du58, r17, lsl 2, i32, xyzw, a
  14: 0581240e72c9f200       lload    r48_r49_r50_r51, r17h, #0, xyzw
  1c: b500010523800000       stack_load r1, i32, x, 4
  24: 20c00000               jmp_any  -32
  28: 88000000               stop
`;

const ARM = `
   STORE.i128.slot1 @r4:r5:r6:r7, thread_local_pointer.w0, offset:16
   LOAD.i128.unsigned.slot2 @r44:r45:r46:r47, r40^, offset:0
   FMA.f32 r5, r45^, r49, r5^
   IADD_IMM.i32 r38, r38^, #0x1180
   BRANCHZ.eq.reconverge 0x0, offset:-4
   NOP.end
`;

const AMD = `BB0:
	s_branch BB2                                                ; bfa00000
BB1:
	s_add_u32 s6, s6, 16                                        ; 81069006
BB2:
	v_dual_fmac_f32 v2, v3, v4 :: v_dual_add_f32 v5, v6, v7     ; c8000903 02040f06
	ds_load_b128 v[10:13], v9 offset:4352                       ; dbfc1100 0a000009
	global_load_b128 v[4:7], v3, s[4:5]                         ; dc5e0000 04040003
	scratch_store_b32 off, v1, s32                              ; dc690000
	s_cbranch_scc0 BB1                                          ; bfa1ffa1
BB3:
	s_endpgm                                                    ; bfb00000
`;

test.each([
  ['Intel', readIntel(INTEL), { multiply_add: 1, other: 1, scalar: 1, workgroup: 1, memory: 1, spill: 1, control: 2 }],
  [
    'NVIDIA',
    readNvidia(NVIDIA),
    { multiply_add: 2, other: 1, scalar: 1, workgroup: 1, memory: 1, spill: 1, control: 4 },
  ],
  // An instruction that is repeated counts twice. Waits count as control.
  [
    'Qualcomm',
    readQualcomm(QUALCOMM),
    { multiply_add: 2, other: 2, scalar: 1, workgroup: 1, memory: 1, spill: 1, control: 6 },
  ],
  ['Apple', readApple(APPLE), { multiply_add: 1, other: 1, workgroup: 1, memory: 1, spill: 1, control: 2 }],
  ['ARM', readArm(ARM), { multiply_add: 1, other: 1, memory: 1, spill: 1, control: 2 }],
  ['AMD', readAmd(AMD), { multiply_add: 1, other: 1, scalar: 1, workgroup: 1, memory: 1, spill: 1, control: 3 }],
])('instructions of %s are counted by kind', (_, lines, kinds) => {
  expect(kindsIn(lines)).toEqual({ ...NO_KINDS, ...kinds });
});

/** Makes lines from words: `a:` is a label, `>a` a jump, `>>a` an unconditional jump, and 64 stands for 64 multiply-adds. */
const listing = (text: string): Line[] =>
  text.split(' ').flatMap((word): Line[] => {
    if (word.endsWith(':')) return [{ label: word.slice(0, -1) }];
    if (word.startsWith('>'))
      return [{ kind: 'control', target: word.replace(/^>+/, ''), always: word.startsWith('>>') }];
    return Array.from({ length: Number(word) }, () => ({ kind: 'multiply_add' as const }));
  });
const turns = (text: string): number[] => loopsIn(listing(text)).map(({ counts }) => counts.multiply_add);

test('a loop has the blocks between its first and the branches back, wherever they stand', () => {
  expect(turns('16 a: 20 >a 30')).toEqual([20]);
  expect(turns('a: 20 b: 32 >b 40 >a')).toEqual([32, 92]);
  // A jump enters the first loop in its middle. The last block of the second loop comes after code that isn't part of the loop.
  expect(turns('16 >>b a: 17 b: 18 >a 50')).toEqual([35]);
  expect(turns('a: 20 >c 100 >>e c: 30 >>a e: 1')).toEqual([50]);
  expect(turns('20 >a a: 30')).toEqual([]);
  expect(turns('a: 15 >a')).toEqual([]);
});

test('a step of K is one turn of the outer loop, with all turns of the inner loop', () => {
  const shares = (text: string, multiplyAdds?: number) =>
    stepsOf(loopsIn(listing(text)), multiplyAdds).map(({ multiply_add, control }) => [multiply_add, control]);
  // A step is four turns of 64 multiply-adds, each with a branch, and the outer loop's branch.
  expect(shares('a: b: 64 >b >a', 256)).toEqual([[256, 5]]);
  // The loop for the remainder of K isn't a step, and neither is a loop that contains both loops over K.
  expect(shares('p: a: b: 64 >b >a c: 64 >c >p', 256)).toEqual([[256, 5]]);
  // The inner loop was unrolled.
  expect(shares('p: a: 256 >a 64 >p', 256)).toEqual([[256, 1]]);
  expect(shares('a: 128 >a')).toEqual([[128, 1]]);
  expect(shares('a: 128 >a b: 100 >b c: 30 >c')).toEqual([
    [128, 1],
    [100, 1],
  ]);
});
