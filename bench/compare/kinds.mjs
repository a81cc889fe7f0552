// The kinds of adapters whose training steps `--compare kinds` compares.
import { loraConfig, veraConfig } from '../peers/problem.mjs';

/** @typedef {{ name: string, config: import('../../src/index').AnyAdapterConfig }} Kind */

/**
 * Returns the adapter kinds, each with a configuration. All kinds adapt the modules in `targets`, except (IA)³, which adapts PEFT's default
 * modules for a Llama.
 * @param {import('../peers/problem.mjs').Library} library
 * @param {import('../peers/problem.mjs').Problem} problem
 * @returns {readonly Kind[]}
 */
export function kindsOf(library, { r, targets }) {
  const { IA3Config, UniLoraConfig } = library;
  return [
    { name: 'VeRA', config: veraConfig(library, { r, targets }) },
    { name: 'DVoRA', config: veraConfig(library, { r, targets, use_dora: true }) },
    { name: 'LoRA', config: loraConfig(library, { targets }) },
    { name: 'DoRA', config: loraConfig(library, { targets, use_dora: true }) },
    { name: '(IA)³', config: new IA3Config({ task_type: 'CAUSAL_LM' }) },
    { name: 'UniLoRA', config: new UniLoraConfig({ task_type: 'CAUSAL_LM', target_modules: [...targets] }) },
  ];
}
