import { readFileSync } from 'node:fs';
import type { BaseModelFacts, NamedModule } from '../../../src/adapters/targets/targets';

interface Entry {
  readonly model_type: string;
  readonly output_embedding: string | null;
  readonly tie_word_embeddings: boolean;
  /** For each module: name, type, in_features, out_features. */
  readonly modules: readonly (readonly [string, string, number, number])[];
}

const entries = JSON.parse(readFileSync('test/golden/modules.json', 'utf8')) as Readonly<Record<string, Entry>>;

export function hasModuleList(base: string): boolean {
  return base in entries;
}

/** Returns a golden base model's modules in torch's order, with containers, and the facts that decide which modules adapters target. */
export function moduleList(base: string): { readonly modules: readonly NamedModule[]; readonly facts: BaseModelFacts } {
  const entry = entries[base];
  if (entry === undefined) throw new Error(`test/golden/modules.json has no ${base}`);
  const modules = new Map<string, NamedModule>([['', { name: '', type: 'Model' }]]);
  for (const [name, type, in_features, out_features] of entry.modules) {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const container = name.slice(0, dot);
      if (!modules.has(container)) modules.set(container, { name: container, type: 'Container' });
    }
    modules.set(name, { name, type, in_features, out_features });
  }
  const { model_type, output_embedding, tie_word_embeddings } = entry;
  return {
    modules: [...modules.values()],
    facts: { model_type, output_embedding: output_embedding ?? undefined, tie_word_embeddings },
  };
}
