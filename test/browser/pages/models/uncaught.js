// Leaves an error of the worker uncaught, and reports its printed form.
import { describeError, loadLibrary } from '../../../../scripts/page/library.js';

addEventListener('unhandledrejection', ({ reason }) => {
  window.report({ ...describeError(reason), text: String(reason), stack: reason.stack });
});

const { AutoTokenizer } = await loadLibrary();
AutoTokenizer.from_pretrained(new URL('./nothing/', location.href));
