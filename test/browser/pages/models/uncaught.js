// Leaves a worker's error uncaught, and reports its fields, text and stack.
import { describeError, loadLibrary } from '../../../../scripts/page/library.js';

addEventListener('unhandledrejection', ({ reason }) => {
  window.report({ ...describeError(reason), text: String(reason), stack: reason.stack });
});

const { AutoTokenizer } = await loadLibrary();
AutoTokenizer.from_pretrained(new URL('./nothing/', location.href));
