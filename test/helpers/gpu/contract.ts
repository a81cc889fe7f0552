import type { AnyKernel, AnyVariant, Feature } from '../../../src/core/kernels/kernel';
import type { ShaderFile } from './kernels';

/** WGSL's extension name for each WebGPU feature. */
const EXTENSIONS: Readonly<Record<Feature, string>> = {
  subgroups: 'subgroups',
  'shader-f16': 'f16',
  'chromium-experimental-subgroup-matrix': 'chromium_experimental_subgroup_matrix',
};

/** Returns WGSL code without its comments. */
function code(wgsl: string): string {
  return wgsl.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/[^\n]*/g, '');
}

/** Compares a shader with the kernel's record in src/ops. Returns the differences that would make the host bind or pack data wrongly. */
export function contractProblems(kernel: AnyKernel, variant: AnyVariant): string[] {
  const text = code(variant.wgsl);
  const problems: string[] = [];
  const expectEqual = (what: string, shader: string, record: string): void => {
    if (shader !== record) problems.push(`${what}: the shader has ${shader || 'none'}, the record ${record || 'none'}`);
  };

  const declared = [...text.matchAll(/@group\((\d+)\)\s*@binding\((\d+)\)\s*var<([^>]*)>\s*(\w+)\s*:\s*([^;]+);/g)];
  const bindings = declared.map(([, group, binding, space = '', name, type]) => {
    const kind = space.replaceAll(' ', '');
    return `${group}.${binding} ${kind} ${name}${kind === 'uniform' ? `: ${type?.trim()}` : ''}`;
  });
  const records = Object.entries(kernel.bindings).map(
    ([name, access], index) => `0.${index + 1} storage,${access === 'read' ? 'read' : 'read_write'} ${name}`,
  );
  expectEqual('bindings', bindings.join('; '), ['0.0 uniform p: Params', ...records].join('; '));
  if (records.length > 8) problems.push(`bindings: ${records.length} storage buffers, WebGPU promises 8`);

  const fields = /struct\s+Params\s*\{([^}]*)\}/.exec(text)?.[1] ?? '';
  const shaderFields = [...fields.matchAll(/(\w+)\s*:\s*([\w<>]+)/g)].map(([, name, type]) => `${name}: ${type}`);
  const recordFields = Object.entries(kernel.params).map(
    ([name, type]) => `${name}: ${type === 'f32' ? 'f32' : 'u32'}`,
  );
  if (kernel.splits) recordFields.push('first_x: u32', 'first_y: u32');
  expectEqual('Params', shaderFields.join(', '), recordFields.join(', '));
  const reads = ['first_x', 'first_y'].filter((name) => new RegExp(`\\bp\\.${name}\\b`).test(text));
  expectEqual('where a piece begins', reads.join(', '), variant.splits ? 'first_x, first_y' : '');
  if (variant.splits && /\bnum_workgroups\b/.test(text)) problems.push('num_workgroups: a piece has fewer');

  const overrides = [...text.matchAll(/\boverride\s+(\w+)[^;]*;/g)];
  for (const name of Object.keys(variant.overrides)) {
    if (!overrides.some(([, declaredName]) => declaredName === name))
      problems.push(`override ${name}: not in the shader`);
  }
  for (const [declaration, name = ''] of overrides) {
    const given = name in variant.overrides || declaration.includes('=');
    if (!given) problems.push(`override ${name}: the record gives no value`);
  }

  const entries = [...text.matchAll(/@compute[^{]*?\bfn\s+(\w+)/g)].map(([, name]) => name);
  expectEqual('entry points', entries.join(', '), 'main');
  const enabled = [...text.matchAll(/\benable\s+(\w+);/g)].map(([, name]) => name);
  expectEqual('extensions', enabled.join(', '), variant.features.map((feature) => EXTENSIONS[feature]).join(', '));
  for (const [forbidden] of text.matchAll(/\b(?:subgroup|quad)[A-Z]\w*|ptr<workgroup/g)) {
    if (forbidden.startsWith('ptr') || !variant.features.includes('subgroups')) {
      problems.push(`${forbidden}: not every browser takes it`);
    }
  }
  return problems;
}

/**
 * Returns the problems in the header of a kernel's file: the comment at the top. A header contains a description, the size of
 * the dispatch grid, and the names of the files in lib/ that any variant of the kernel includes.
 */
export function headerProblems(
  file: Pick<ShaderFile, 'name' | 'text'>,
  libs: readonly Pick<ShaderFile, 'name' | 'text'>[],
  variants: readonly Pick<AnyVariant, 'files'>[],
): string[] {
  const problems: string[] = [];
  const header = /^(?:\/\/[^\n]*\n)*/.exec(file.text)?.[0] ?? '';
  if (!header.startsWith(`// ${file.name}: `)) problems.push(`expected to begin with "// ${file.name}: "`);
  if (!/^\/\/ grid: /m.test(header)) problems.push('expected a line "// grid: …"');

  const patterns = [...header.matchAll(/lib\/(\{[^}]*\}|[\w*]+)\.wgsl/g)]
    .flatMap(([, names = '']) => names.replace(/[{}]/g, '').split(','))
    .map((name) => new RegExp(`^lib/${name.trim().replaceAll('*', '\\w*')}$`));
  const parts = new Set(variants.flatMap(({ files }) => files));
  const used = libs.filter(({ text }) => parts.has(text));
  for (const { name } of used) {
    if (!patterns.some((pattern) => pattern.test(name))) problems.push(`uses ${name}, which "with" doesn't name`);
  }
  for (const pattern of patterns) {
    if (!used.some(({ name }) => pattern.test(name))) problems.push(`"with" names ${pattern.source}, which isn't used`);
  }
  return problems;
}
