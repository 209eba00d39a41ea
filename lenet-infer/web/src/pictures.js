// Pictures from files, the clipboard and the camera, as pixels of at most 1024x1024.

const LONGEST = 1024;
/** The longer side of a camera's frame as it is looked at. */
const CAMERA_LONGEST = 640;

/** A canvas that shows a picture. */
export class Sheet {
  #canvas;
  #context;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { willReadFrequently: true });
  }

  /** Draws a picture on white, made smaller where its longer side exceeds `longest`. */
  draw(source, width, height, longest = LONGEST) {
    const scale = Math.min(longest / Math.max(width, height), 1);
    this.#canvas.width = Math.max(Math.round(width * scale), 1);
    this.#canvas.height = Math.max(Math.round(height * scale), 1);
    const context = this.#context;
    context.imageSmoothingQuality = "high";
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.drawImage(source, 0, 0, this.#canvas.width, this.#canvas.height);
  }

  pixels() {
    return this.#context.getImageData(0, 0, this.#canvas.width, this.#canvas.height);
  }
}

/** Decodes a picture file, turned as its camera noted, with the levels that are in the file. */
export async function decode(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  } catch {
    throw new Error(`${file.name || "This"} is not a picture that this browser can read.`);
  }
}

/** Offers pixels as a PNG to download, if there are any. */
export async function save(pixels, name) {
  if (!pixels) return;
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  const url = URL.createObjectURL(await canvas.convertToBlob());
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** The camera's frames. */
export class Camera {
  #video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
  #stream = null;
  #sheet;
  #changed;
  /** The time of the frame that was last looked at. */
  #shown = -1;
  held = false;

  constructor(sheet, changed) {
    this.#sheet = sheet;
    this.#changed = changed;
  }

  get isOn() {
    return this.#stream !== null;
  }

  async start() {
    if (!navigator.mediaDevices) throw new Error("This browser gives pages opened this way no camera.");
    const video = { facingMode: "environment", width: { ideal: 1280 } };
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      const missing = error.name === "NotFoundError";
      throw new Error(missing ? "There is no camera." : "The browser did not give the page the camera.");
    }
    this.held = false;
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    this.#next();
  }

  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
  }

  #next() {
    if (!this.isOn) return;
    const { videoWidth, videoHeight, currentTime } = this.#video;
    if (!this.held && videoWidth > 0 && currentTime !== this.#shown) {
      this.#shown = currentTime;
      this.#sheet.draw(this.#video, videoWidth, videoHeight, CAMERA_LONGEST);
      this.#changed();
    }
    requestAnimationFrame(() => this.#next());
  }
}
