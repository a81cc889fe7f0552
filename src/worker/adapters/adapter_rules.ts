import type { Adapter } from '../../adapters/adapter';
import { tensorsOf } from '../../adapters/layers/overlay';
import { WebVeraError } from '../../core/errors/error';
import { BASE_NAME } from './row_adapters';

/** Throws for a name that no adapter can have. The error for a name with a dot is torch's, as in PEFT. */
export function expectAdapterName(name: string): void {
  if (name === BASE_NAME) {
    throw new WebVeraError('invalid_argument', `adapter_name: expected the name of an adapter, got ${name}`, {
      hint: 'In adapter_names it stands for no adapter at all.',
    });
  }
  if (name !== '' && !name.includes('.')) return;
  throw new WebVeraError('invalid_argument', `module name can't contain ".", got: ${name}`, {
    hint: 'Name the adapter with letters, digits, - and _.',
  });
}

/** Throws `invalid_argument` if two of the adapters train the same module whole (PEFT's `modules_to_save`). */
export function expectTogether(adapters: readonly Adapter[]): void {
  const owners = new Map<string, string>();
  for (const adapter of adapters) {
    for (const tensor of tensorsOf(adapter, 'module').keys()) {
      const other = owners.get(tensor);
      owners.set(tensor, adapter.name);
      if (other === undefined) continue;
      throw new WebVeraError('invalid_argument', `Only one adapter can be set at a time for ${tensor}, got 2`, {
        hint: `${other} and ${adapter.name} both name it in modules_to_save; activate one of them.`,
      });
    }
  }
}

/** Returns PEFT's warning for disabling adapters while one of them trains biases. */
export function biasesStay(bias: string): string {
  return (
    `Careful, disabling adapter layers with bias configured to be '${bias}' does not produce the same output as the ` +
    'base model would without adaption.'
  );
}

/** Returns PEFT's warning for a merge that begins while some adapters are merged already. */
export function alreadyMerged(merged: readonly string[], fresh: readonly Adapter[]): string {
  if (fresh.length === 0) return 'All adapters are already merged, nothing to do.';
  const names = fresh.map(({ name }) => name).join(',');
  return `Already following adapters were merged ${merged.join(',')}. You are now additionally merging ${names}.`;
}
