// Draws images and trains a classifier on them as PNG files. Reports the results, and the errors for files that contain no
// image.
import { describeError, loadLibrary } from '../../../../scripts/page/library.js';

const { AutoModelForImageClassification, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();
const session = await Session.open();
const base = await AutoModelForImageClassification.from_pretrained(
  new URL('/models/vit-pictures-1.4M/', location.href),
  {
    session,
    id2label: { 0: 'stripes', 1: 'dots' },
    ignore_mismatched_sizes: true,
  },
);
const config = new VeraConfig({ r: 8, target_modules: ['q_proj', 'v_proj'], modules_to_save: ['classifier'] });
const model = await get_peft_model(base, config);
const args = /** @type {const} */ ({
  per_device_train_batch_size: 6,
  max_steps: 12,
  learning_rate: 3e-2,
  headLearningRate: 1e-2,
  lr_scheduler_type: 'constant',
  eval_strategy: 'steps',
  eval_steps: 12,
  save_strategy: 'no',
});

const broken = new Blob(['no PNG'], { type: 'image/png' });
const train_dataset = await labelled([0, 2, 4, 6, 8]);
const evalImages = await labelled([1, 7]);
const before = await tellAll();
const refused = await refusal(train([...train_dataset, { image: broken, label: 0 }]));
const alone = await refusal(model.predict(broken));
const untouched = await tellAll();

const run = train(train_dataset);
/** @type {number[]} */
const losses = [];
/** @type {Readonly<Record<string, number>>[]} */
const evaluations = [];
for await (const event of run) {
  if (event.type === 'log') losses.push(event.logs.loss);
  if (event.type === 'evaluate') evaluations.push(event.metrics);
}
await run;
const told = await tellAll();

// PNG is lossless, so the file contains exactly the canvas's pixels.
const fromFile = await model.predict(await pngOf(canvasOf('dots', 3)));
const fromPixels = await model.predict(pixelsOf(canvasOf('dots', 3)));

const dots = await shownAs(canvasOf('dots', 3));
/** @type {Record<string, boolean>} */
const isShown = {};
for (const [kind, image] of Object.entries(await shownAs(canvasOf('dots', 3)))) {
  const scores = model.predict(image);
  // The pixels are read before `predict` returns.
  if ('close' in image) image.close();
  isShown[kind] = JSON.stringify(await scores) === JSON.stringify(fromPixels);
}
const examples = [...Object.values(dots), canvasOf('stripes', 3)].map((image, index, all) => ({
  image,
  label: index < all.length - 1 ? 'dots' : 'stripes',
}));
const { global_step } = await new Trainer({ model, args: { max_steps: 1 }, train_dataset: examples }).train();
const notShown = await refusals();
await session.close();
window.report({
  losses,
  evaluations,
  refused,
  alone,
  isUntouched: JSON.stringify(before) === JSON.stringify(untouched),
  likeliest: told.map(([first]) => first?.label),
  isSame: JSON.stringify(fromFile) === JSON.stringify(fromPixels),
  isShown,
  global_step,
  notShown,
});

/**
 * Returns the same image as each type of object that can show it.
 * @param {HTMLCanvasElement} canvas
 */
async function shownAs(canvas) {
  const img = new Image();
  img.src = URL.createObjectURL(await pngOf(canvas));
  await img.decode();
  const offscreen = new OffscreenCanvas(canvas.width, canvas.height);
  offscreen.getContext('2d')?.drawImage(canvas, 0, 0);
  const bitmap = await createImageBitmap(canvas);
  const { buffer } = pixelsOf(canvas).data;
  const size = { codedWidth: canvas.width, codedHeight: canvas.height };
  return { canvas, img, offscreen, bitmap, frame: new VideoFrame(buffer, { format: 'RGBA', timestamp: 0, ...size }) };
}

/**
 * Returns the errors for images that are refused: an image from another server, a canvas with that image drawn on it, a
 * missing file before and after its error event, a closed bitmap, and a canvas that is too large.
 */
async function refusals() {
  const foreign = new Image();
  foreign.src = location.search.slice(1);
  await foreign.decode();
  const tainted = canvasOf('dots', 3);
  contextOf(tainted).drawImage(foreign, 0, 0);
  const missing = new Image();
  missing.src = '/pages/none.png';
  const early = await refusal(model.predict(missing));
  await missing.decode().catch(() => {});
  const closed = await createImageBitmap(canvasOf('dots', 3));
  closed.close();
  const large = Object.assign(document.createElement('canvas'), { width: 32_767, height: 2049 });
  const others = { foreign, tainted, missing, closed, large };
  const refused = Object.entries(others).map(async ([kind, image]) => [kind, await refusal(model.predict(image))]);
  return { early, ...Object.fromEntries(await Promise.all(refused)) };
}

/** @param {readonly import('../../../../src/index').Example[]} examples */
function train(examples) {
  return new Trainer({ model, args, train_dataset: examples, eval_dataset: evalImages }).train();
}

/** @param {PromiseLike<unknown>} attempt */
async function refusal(attempt) {
  try {
    await attempt;
  } catch (error) {
    return describeError(error);
  }
}

async function tellAll() {
  return model.predict_batch([await pngOf(canvasOf('stripes', 5)), await pngOf(canvasOf('dots', 5))]);
}

/**
 * Returns labelled images: for each of these offsets of the pattern, one image of stripes and one of dots.
 * @param {readonly number[]} firsts
 */
async function labelled(firsts) {
  const kinds = /** @type {const} */ (['stripes', 'dots']);
  const cells = firsts.flatMap((first) => kinds.map((label) => ({ first, label })));
  return Promise.all(cells.map(async ({ first, label }) => ({ image: await pngOf(canvasOf(label, first)), label })));
}

/**
 * @param {'stripes' | 'dots'} kind
 * @param {number} first where its pattern begins
 */
function canvasOf(kind, first) {
  const canvas = document.createElement('canvas');
  canvas.width = 40;
  canvas.height = 40;
  const context = contextOf(canvas);
  context.fillStyle = 'rgb(240, 230, 220)';
  context.fillRect(0, 0, 40, 40);
  context.fillStyle = 'rgb(30, 60, 90)';
  for (let x = first % 10; x < 40; x += 10) {
    if (kind === 'stripes') context.fillRect(x, 0, 5, 40);
    else for (let y = first % 10; y < 40; y += 10) context.fillRect(x, y, 5, 5);
  }
  return canvas;
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('There is no canvas');
  return context;
}

/** @param {HTMLCanvasElement} canvas */
function pixelsOf(canvas) {
  return contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob>}
 */
function pngOf(canvas) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error('There is no PNG')) : resolve(blob)), 'image/png');
  });
}
