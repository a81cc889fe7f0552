// A fake hub that serves only config.json and the header of model.safetensors. Reading the weights fails.
import { headerOf, MODELS } from './models.mjs';

/** @param {RequestInfo | URL} input @returns {Promise<Response>} */
export async function fetchBegun(input) {
  const { pathname } = new URL(String(input));
  const model = MODELS.find(({ name }) => pathname.startsWith(`/${name}/`));
  if (model !== undefined && pathname.endsWith('/config.json')) return Response.json(model.config);
  if (model === undefined || !pathname.endsWith('/model.safetensors')) return new Response(null, { status: 404 });
  const { header, size } = headerOf(model);
  const chunks = [header];
  const body = new ReadableStream(
    {
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk === undefined) controller.error(new Error(`The weights of ${model.name} were read`));
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-length': String(size) } });
}
