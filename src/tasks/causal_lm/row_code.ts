// The code that turns texts and conversations into rows. A session loads it when it reads the first example.
export { collectRows } from './collect_rows';
export { previewOfExample, rowOfExample } from './row_of_example';
