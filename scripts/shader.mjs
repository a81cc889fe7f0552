// `npm run shader linear/workgroup`: prints a shader as WebGPU compiles it.
import { runnerImport } from 'vite';
import { runCommand } from './shared/command.mjs';
import { readArguments, UsageError } from './shared/options.mjs';
import { inRepository, ROOT } from './shared/paths.mjs';

const HELP = `npm run shader                                     the records of all kernels
npm run shader rms_norm                            the variants of one
npm run shader rms_norm/serial                     the WGSL of a variant, each part after a line that names its file
npm run shader linear.ragged.f16/workgroup         of a product, for these lines (vec4, ragged, scalar) and this storage of the
                                                   right operand (f32, f16, bf16, q8, q4, scalar); vec4.f32 where none are named`;

/** @typedef {typeof import('./shader/shader_text.mjs')} ShaderText */

await runCommand('shader', async () => {
  const { values, positionals } = readArguments(process.argv.slice(2), { help: { type: 'boolean' } }, true);
  if (values.help === true) return void console.log(HELP);
  const [asked = '', ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`Expected one name, got "${positionals.join(' ')}"`);
  const file = inRepository('scripts/shader/shader_text.mjs');
  const { module } = await runnerImport(file, { root: ROOT, configFile: false, logLevel: 'warn' });
  process.stdout.write(/** @type {ShaderText} */ (module).shaderAnswer(asked));
});
