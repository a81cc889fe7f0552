import { adapterKey, readKernelChoice, sameAdapter } from '../../../src/core/kernels/kernel_choice';
import { expectSame, type FuzzTarget, jsonOf } from '../target';

/** The input: a file with a choice of kernels, which may come from another person. */
export const target: FuzzTarget = {
  name: 'kernel_choice',
  codes: ['invalid_argument'],
  run(bytes) {
    const choice = readKernelChoice(jsonOf(bytes));
    expectSame('what is read again', readKernelChoice(JSON.parse(JSON.stringify(choice))), choice);
    if (!sameAdapter(choice.adapter, JSON.parse(JSON.stringify(choice.adapter)))) {
      throw new Error(`expected the same adapter again, got ${adapterKey(choice.adapter)}`);
    }
  },
};
