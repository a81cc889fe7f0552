// Lets an error of the worker escape, as a script does that catches nothing. Reports what there is to print of it.
import { describeError, loadLibrary } from '../../../../scripts/page/library.js';

addEventListener('unhandledrejection', ({ reason }) => {
  window.report({ ...describeError(reason), text: String(reason), stack: reason.stack });
});

const { AutoTokenizer } = await loadLibrary();
AutoTokenizer.from_pretrained(new URL('./nothing/', location.href));
