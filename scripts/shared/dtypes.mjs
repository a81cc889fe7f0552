/** The values of the option `--dtype`. @type {readonly import('../../src/index').ModelDtype[]} */
export const DTYPES = ['auto', 'float32', 'float16', 'bfloat16', 'q8', 'q4'];
