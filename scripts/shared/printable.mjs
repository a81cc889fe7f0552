// Texts from files and models could control the terminal with control characters, so these are escaped before they are printed.

/** Escapes control characters in a text of one line. @param {string} text */
export function printable(text) {
  return text.replace(/\p{Cc}/gu, escaped);
}

/** Escapes control characters, except line feeds and tabs. @param {string} text */
export function printableLines(text) {
  return text.replace(/[^\P{Cc}\n\t]/gu, escaped);
}

/** @param {string} sign */
function escaped(sign) {
  return `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
