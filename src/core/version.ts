/** Page and worker must be of one build: the handshake compares this. A test holds it to package.json. */
export const VERSION = '0.1.0';
