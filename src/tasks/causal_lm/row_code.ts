// The code that reads texts and conversations as examples. A session loads it for the first of them.
export { collectRows } from './collect_rows';
export { previewOfExample, rowOfExample } from './row_of_example';
