// Opens a session in a frame, and reports the error's code to the parent page; null without an error.
import { loadLibrary } from '../../../../scripts/page/library.js';

const { Session } = await loadLibrary();
const code = await Session.open().then(
  async (session) => {
    await session.close();
    return null;
  },
  (error) => error.code ?? String(error),
);
parent.postMessage(code, '*');
